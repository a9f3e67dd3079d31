internal import CSystemd
internal import Glibc
internal import LinuxRuntime

extension Listener {
    /// Takes a socket that systemd listens on.
    ///
    /// - Parameter allowRemote: whether other machines may reach it.
    public init(inheriting socket: InheritedSocket, allowRemote: Bool) throws(StartError) {
        let descriptor = socket.descriptor
        func fault(_ text: String) -> StartError {
            StartError(.configuration, "the inherited socket \"\(socket.name)\" (descriptor \(descriptor)) \(text)")
        }
        guard let purpose = Self.purpose(of: socket.name) else {
            throw fault(
                "has a name that is not known; set FileDescriptorName=articled, or a name that begins so; for Prometheus "
                    + "articled-metrics")
        }
        guard sd_is_socket(descriptor, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1) > 0 else {
            throw fault("is no stream socket that listens; articled accepts by itself: Accept=no, ListenStream=")
        }
        guard let address = SocketAddress.local(of: descriptor) else {
            throw fault("is neither a Unix nor a TCP socket")
        }
        guard address.isLocal || allowRemote else {
            throw fault("is \(address), which other machines can reach; if that is meant, set allowRemote: true")
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw fault("cannot be made non-blocking: \(SystemError.text(of: errno))")
        }
        var group: UInt32?
        if case .unix(let path) = address { group = SocketFile.group(path) }
        self.init(
            descriptor: descriptor, isTCP: SocketAddress.family(of: address) != AF_UNIX, group: group,
            isInherited: true, purpose: purpose, description: address.description)
    }

    /// The names of articled's own units, or none at all: from `systemd-socket-activate`, or an inetd of another kind.
    static func purpose(of name: String) -> Purpose? {
        if name == "metrics" || name.hasPrefix("articled-metrics") { return .metrics }
        return name.hasPrefix("articled") || ["unix", "tcp", "unknown", ""].contains(name) ? .articles : nil
    }
}

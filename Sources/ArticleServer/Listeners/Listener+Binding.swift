internal import CLinux
internal import Glibc
internal import LinuxRuntime

extension Listener {
    /// Connections that wait to be accepted; the kernel has a limit of its own, net.core.somaxconn.
    private static let backlog: Int32 = 4096

    /// Binds a socket of our own.
    ///
    /// - Parameters:
    ///   - mode: access rights of a Unix socket's file.
    ///   - allowRemote: whether other machines may reach it.
    ///   - purpose: who is expected there.
    public init(
        binding address: ListenAddress, mode: UInt32 = 0o660, allowRemote: Bool = false, purpose: Purpose = .articles
    ) throws(StartError) {
        guard address.isLocal || allowRemote else {
            throw StartError(
                .configuration, "\(address) can be reached from other machines; if that is meant, set allowRemote: true"
            )
        }
        let descriptor = clinux_socket(SocketAddress.family(of: address), 1)
        guard descriptor >= 0 else { throw StartError(.system, "\(address): socket: \(SystemError.text(of: errno))") }
        do throws(StartError) {
            try Self.bind(descriptor, to: address, mode: mode)
            guard Glibc.listen(descriptor, Self.backlog) == 0 else {
                throw StartError(.system, "\(address): listen: \(SystemError.text(of: errno))")
            }
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        // With port 0 the kernel has chosen one.
        let name = SocketAddress.local(of: descriptor) ?? address
        switch address {
        case .unix(let path):
            self.init(
                descriptor: descriptor, isTCP: false, group: SocketFile.group(path), purpose: purpose,
                description: address.description)
        case .ipv4, .ipv6:
            self.init(descriptor: descriptor, isTCP: true, purpose: purpose, description: name.description)
        }
    }

    /// Ends listening, and removes the file of a Unix socket that is our own.
    public func close() {
        if !isInherited, !isTCP, let address = SocketAddress.local(of: descriptor), case .unix(let path) = address {
            _ = unsafe unlink(path)
        }
        _ = Glibc.close(descriptor)
    }

    private static func bind(_ descriptor: Int32, to address: ListenAddress, mode: UInt32) throws(StartError) {
        switch address {
        case .unix(let path):
            try SocketFile.removeIfDead(path)
            // The file is made with these rights less the umask: never with more than it is meant to have.
            _ = fchmod(descriptor, mode)
        case .ipv4: set(descriptor, Int32(SOL_SOCKET), SO_REUSEADDR)
        case .ipv6:
            set(descriptor, Int32(SOL_SOCKET), SO_REUSEADDR)
            set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY)
        }
        let answer = unsafe SocketAddress.with(address) { unsafe Glibc.bind(descriptor, $0, $1) }
        let code = errno
        guard answer == 0 else {
            throw StartError(.system, "\(address): cannot be bound: \(SystemError.text(of: code))")
        }
        if case .unix(let path) = address, unsafe chmod(path, mode) != 0 {
            throw StartError(.system, "\(address): its rights cannot be set: \(SystemError.text(of: errno))")
        }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

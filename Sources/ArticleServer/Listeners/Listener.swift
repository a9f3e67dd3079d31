// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import CSystemd
internal import Glibc
internal import LinuxRuntime

/// A listening stream socket.
public struct Listener: Sendable, Equatable, CustomStringConvertible {
    /// Who connects to a listening socket.
    public enum Purpose: Sendable, Equatable {
        /// Clients that speak PROTOCOL.md.
        case articles
        /// Prometheus, which speaks HTTP.
        case metrics
    }

    /// Non-blocking, closed on exec.
    public let descriptor: Int32
    /// Whether it is a TCP socket. If not, it is a Unix socket.
    public let isTCP: Bool
    /// Whether other machines can reach it.
    public let isRemote: Bool
    /// The group of a Unix socket's file; nil if it has no file.
    public let group: UInt32?
    /// Whether it came from systemd, which keeps listening when we stop.
    public let isInherited: Bool
    public let purpose: Purpose
    /// `unix:/run/articled/articled.sock`
    public let description: String

    /// A socket that already listens.
    public init(
        descriptor: Int32, isTCP: Bool, isRemote: Bool = false, group: UInt32? = nil, isInherited: Bool = false,
        purpose: Purpose = .articles, description: String
    ) {
        self.isRemote = isRemote
        self.descriptor = descriptor
        self.isTCP = isTCP
        self.group = group
        self.isInherited = isInherited
        self.purpose = purpose
        self.description = description
    }
}

extension Listener {
    /// What is wrong with a socket for articles that other machines can reach.
    static let plaintextProblem =
        "can be reached from other machines, and without TLS everybody on the way can read and change what is sent: add "
        + "tls to the configuration, or set allowPlaintext: true"

    /// Whether it needs TLS that is not there.
    public func lacksEncryption(under configuration: ServerConfiguration) -> Bool {
        isRemote && purpose == .articles && !configuration.allowsPlaintext
    }

    /// Uses a socket that systemd listens on.
    ///
    /// - Parameters:
    ///   - allowRemote: whether other machines may reach it.
    ///   - allowPlaintext: whether they may do so if it is for articles: there is TLS, or the operator does not want it.
    public init(
        inheriting socket: InheritedSocket, allowRemote: Bool, allowPlaintext: Bool = false
    ) throws(StartError) {
        let descriptor = socket.descriptor
        func fault(_ text: String) -> StartError {
            StartError(.configuration, "the inherited socket \"\(socket.name)\" (descriptor \(descriptor)) \(text)")
        }
        guard let purpose = Self.purpose(of: socket.name) else {
            throw fault(
                "has an unknown name; set FileDescriptorName=articled, or a name that begins with it; for Prometheus "
                    + "articled-metrics")
        }
        guard sd_is_socket(descriptor, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1) > 0 else {
            throw fault("is not a listening stream socket; articled itself accepts: Accept=no, ListenStream=")
        }
        guard let address = SocketAddress.local(of: descriptor) else {
            throw fault("is neither a Unix nor a TCP socket")
        }
        guard address.isLocal || allowRemote else {
            throw fault("is \(address), which other machines can reach; if you want that, set allowRemote: true")
        }
        guard address.isLocal || allowPlaintext || purpose == .metrics else {
            throw fault("is \(address), which \(Self.plaintextProblem)")
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw fault("cannot be made non-blocking: \(SystemError.text(of: errno))")
        }
        var group: UInt32?
        if case .unix(let path) = address { group = SocketFile.group(path) }
        self.init(
            descriptor: descriptor, isTCP: SocketAddress.family(of: address) != AF_UNIX, isRemote: !address.isLocal,
            group: group, isInherited: true, purpose: purpose, description: address.description)
    }

    /// Accepts the names of articled's own units, and no name, as from `systemd-socket-activate` or another inetd.
    static func purpose(of name: String) -> Purpose? {
        if name == "metrics" || name.hasPrefix("articled-metrics") { return .metrics }
        return name.hasPrefix("articled") || ["unix", "tcp", "unknown", ""].contains(name) ? .articles : nil
    }
}

extension Listener {
    /// The most connections that wait to be accepted. The kernel has its own limit, net.core.somaxconn.
    private static let backlog: Int32 = 4096

    /// Binds a new socket.
    ///
    /// - Parameters:
    ///   - mode: the mode of a Unix socket's file.
    ///   - allowRemote: whether other machines may reach it.
    ///   - allowPlaintext: whether they may do so if it is for articles: there is TLS, or the operator does not want it.
    ///   - purpose: who connects to it.
    public init(
        binding address: ListenAddress, mode: UInt32 = 0o660, allowRemote: Bool = false, allowPlaintext: Bool = false,
        purpose: Purpose = .articles
    ) throws(StartError) {
        guard address.isLocal || allowRemote else {
            throw StartError(
                .configuration, "\(address) can be reached from other machines; if you want that, set allowRemote: true"
            )
        }
        guard address.isLocal || allowPlaintext || purpose == .metrics else {
            throw StartError(.configuration, "\(address) \(Self.plaintextProblem)")
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
        // For port 0 the kernel has chosen a port.
        let name = SocketAddress.local(of: descriptor) ?? address
        switch address {
        case .unix(let path):
            self.init(
                descriptor: descriptor, isTCP: false, group: SocketFile.group(path), purpose: purpose,
                description: address.description)
        case .ipv4, .ipv6:
            self.init(
                descriptor: descriptor, isTCP: true, isRemote: !name.isLocal, purpose: purpose,
                description: name.description)
        }
    }

    /// Stops listening, and removes the file of a Unix socket that we have bound.
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
            // The file is created with this mode less the umask, so it never has more rights than intended.
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
            throw StartError(.system, "\(address): its mode cannot be set: \(SystemError.text(of: errno))")
        }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// The file of a Unix socket.
enum SocketFile {
    /// Removes the file of a socket that nobody listens on, so that its address can be bound again.
    ///
    /// - Throws: if the file is not a socket, or if another process listens.
    static func removeIfDead(_ path: String) throws(StartError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw StartError(.system, "\(path): the file exists and is not a socket; remove it, or choose another path")
        }
        let probe = clinux_socket(AF_UNIX, 1)
        guard probe >= 0 else { throw StartError(.system, "socket: \(SystemError.text(of: errno))") }
        defer { _ = close(probe) }
        let answer = unsafe SocketAddress.with(.unix(path)) { unsafe connect(probe, $0, $1) }
        // Anything but a refusal, such as a full queue, means that there is a listener or that we cannot tell.
        guard answer != 0, errno == ECONNREFUSED else {
            throw StartError(.system, "\(path): another process listens there; stop it, or choose another path")
        }
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw StartError(
                .system, "\(path): the socket of an ended process cannot be removed: \(SystemError.text(of: errno))")
        }
    }

    /// The group of the file.
    static func group(_ path: String) -> UInt32? {
        var status = stat()
        guard path.hasPrefix("/"), unsafe stat(path, &status) == 0 else { return nil }
        return status.st_gid
    }
}

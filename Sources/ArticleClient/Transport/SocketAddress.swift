// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import LinuxRuntime
package import TLSTransport

/// The address of a Unix or TCP socket, for connect(2).
struct SocketAddress: Sendable {
    private(set) var storage: sockaddr_storage
    let length: socklen_t

    var family: Int32 { Int32(storage.ss_family) }

    /// All addresses of an endpoint, in the order to try them.
    static func resolve(_ endpoint: Endpoint) throws(ClientError) -> [SocketAddress] {
        switch endpoint {
        case .unix(let path): try [unix(path)]
        case .tcp(let host, let port), .tls(let host, let port, _, _): try tcp(host, port)
        }
    }

    /// The address of an endpoint that needs no resolver; `nil`: it has a host name.
    static func numeric(_ endpoint: Endpoint) throws(ClientError) -> [SocketAddress]? {
        switch endpoint {
        case .unix(let path): [try unix(path)]
        case .tcp(let host, let port), .tls(let host, let port, _, _): list(host, port, flags: AI_NUMERICHOST).addresses
        }
    }

    /// unix(7): at most 107 bytes of path; a leading `@` names an abstract socket.
    private static func unix(_ path: String) throws(ClientError) -> SocketAddress {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0), bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .misuse("\"\(path)\" cannot be a Unix socket: a path has 1 to 107 bytes and no zero byte")
        }
        let abstract = bytes[0] == UInt8(ascii: "@")
        if abstract { bytes[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        return unsafe SocketAddress(copying: address, length: start + bytes.count + (abstract ? 0 : 1))
    }

    private static func tcp(_ host: String, _ port: UInt16) throws(ClientError) -> [SocketAddress] {
        let (addresses, failure) = list(host, port, flags: AI_ADDRCONFIG)
        guard let addresses else {
            let reason = unsafe String(cString: gai_strerror(failure))
            throw .connection(
                "the host name \"\(host)\" cannot be resolved: \(reason). Check the name, or use a numeric address")
        }
        return addresses
    }

    /// getaddrinfo(3); its result is `failure` if there are no addresses.
    private static func list(
        _ host: String, _ port: UInt16, flags: Int32
    ) -> (addresses: [SocketAddress]?, failure: Int32) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0 else { return (nil, failure) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                var storage = sockaddr_storage()
                let size = min(Int(unsafe entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
                unsafe withUnsafeMutableBytes(of: &storage) {
                    unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
                }
                addresses.append(SocketAddress(storage: storage, length: socklen_t(size)))
            }
            unsafe next = entry.pointee.ai_next
        }
        return (addresses, 0)
    }

    func isSame(_ other: SocketAddress) -> Bool {
        let size = Int(length)
        return length == other.length
            && (unsafe withUnsafeBytes(of: storage) { mine in
                unsafe withUnsafeBytes(of: other.storage) { theirs in
                    unsafe mine.prefix(size).elementsEqual(theirs.prefix(size))
                }
            })
    }

    private init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    /// `Address` must be one of the system's `sockaddr_` structures: trivial, and no larger than `sockaddr_storage`.
    @unsafe private init<Address: BitwiseCopyable>(copying address: Address, length: Int) {
        var storage = sockaddr_storage()
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe withUnsafeBytes(of: address) { unsafe target.copyMemory(from: $0) }
        }
        self.init(storage: storage, length: socklen_t(length))
    }

    /// Connects a socket, or begins to if it is non-blocking. `nil`: connected or in progress.
    func connect(_ descriptor: Int32) -> SystemError? {
        var copy = storage
        let result = unsafe withUnsafePointer(to: &copy) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, length)
            }
        }
        if result == 0 || errno == EINPROGRESS || errno == EINTR { return nil }
        return SystemError("connect")
    }
}

/// A connected, blocking socket without a client, for programs of this package that write frames themselves.
package enum BlockingConnection {
    /// Shakes hands on a connection of `open`, if the endpoint has TLS.
    ///
    /// - Parameter scratch: the memory of the thread that will use the session.
    package static func secure(
        _ endpoint: Endpoint, _ descriptor: Int32, _ scratch: TLSScratch
    ) throws(ClientError) -> TLSSession? {
        guard let (host, context) = try endpoint.security() else { return nil }
        guard let session = TLSSession(context, descriptor: descriptor, scratch: scratch, host: host) else {
            throw .connection("cannot connect to \(endpoint): TLS cannot be set up for \(host)")
        }
        guard case .done = session.handshake() else {
            let failure = session.failure
            throw failure.map { .insecure(endpoint, $0) } ?? .connection("cannot connect to \(endpoint): TLS failed")
        }
        return session
    }

    /// Connects to the first of the endpoint's addresses that accepts. The caller closes the descriptor. Reads time out
    /// after 10 seconds.
    package static func open(_ endpoint: Endpoint) throws(ClientError) -> Int32 {
        var failure = ClientError.connection("\(endpoint) has no address")
        for address in try SocketAddress.resolve(endpoint) {
            let number = clinux_socket(address.family, 0)
            guard number >= 0 else { throw .connection("cannot create a socket: \(SystemError("socket").text)") }
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            _ = unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            if address.family != AF_UNIX { StreamSocket.setNoDelay(number) }
            guard let error = address.connect(number) else { return number }
            failure = .unreachable(endpoint, error)
            close(number)
        }
        throw failure
    }
}

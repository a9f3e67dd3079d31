// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux
import Glibc

/// A client that can say anything: bytes go out as they are, frames come in one by one. Every wait has a bound.
final class RawConnection {
    enum Event: Equatable {
        case frame(FrameHeader, [UInt8])
        /// The peer has closed, or will not send any more.
        case ended
        case timedOut
    }

    struct Failed: Error {
        let what: String
    }

    /// No wait is longer; in milliseconds.
    static let patience: Int32 = 20_000

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// Takes over a connected socket.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    init(_ path: String) throws {
        descriptor = clinux_socket(AF_UNIX, 0)
        guard descriptor >= 0 else { throw Failed(what: "socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let result = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe connect(
                descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard result == 0 else { throw Failed(what: "connect: \(errno)") }  // `deinit` closes
    }

    /// Over TCP to 127.0.0.1, from another address of the loopback network.
    init(_ port: UInt16, from source: String = "127.0.0.1") throws {
        descriptor = clinux_socket(AF_INET, 0)
        guard descriptor >= 0 else { throw Failed(what: "socket") }
        func call(
            _ address: String, _ port: UInt16, _ function: (UnsafePointer<sockaddr>, socklen_t) -> Int32
        ) -> Int32 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            unsafe inet_pton(AF_INET, address, &name.sin_addr)
            return unsafe withUnsafeBytes(of: &name) { bytes in
                unsafe function(
                    bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
        }
        guard unsafe call(source, 0, { unsafe bind(descriptor, $0, $1) }) == 0,
            unsafe call("127.0.0.1", port, { unsafe connect(descriptor, $0, $1) }) == 0
        else { throw Failed(what: "connect: \(errno)") }  // `deinit` closes
    }

    deinit { close(descriptor) }

    // MARK: Sending

    /// Sends all, waiting for room.
    ///
    /// - Returns: false if the peer does not take it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = sendSome(bytes, from: sent)
            if count < 0 { return false }
            if count == 0, !wait(for: Int16(POLLOUT), Self.patience) { return false }
            sent += count
        }
        return true
    }

    /// Sends what there is room for.
    ///
    /// - Returns: how much that was; -1 if the peer has closed.
    func sendSome(_ bytes: [UInt8], from start: Int = 0) -> Int {
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Glibc.send(
                descriptor, bytes.baseAddress! + start, bytes.count - start, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : count
    }

    /// Whether there is room within some milliseconds.
    func hasRoom(within milliseconds: Int32) -> Bool { wait(for: Int16(POLLOUT), milliseconds) }

    /// The peer gets no more.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Says hello.
    func greet(window: UInt32 = 1 << 20) throws -> ServerHello {
        send(Frames.hello(window: window))
        guard case .frame(let header, let payload) = next(), header.kind == .hello else {
            throw Failed(what: "no hello")
        }
        return try ServerHello(decoding: payload)
    }

    // MARK: Receiving

    func next(within milliseconds: Int32 = RawConnection.patience) -> Event {
        while true {
            if let header = FrameHeader(decoding: received.raw) {
                let size = FrameHeader.size + Int(header.payloadLength)
                if received.count >= size {
                    let payload = Array(received[FrameHeader.size..<size])
                    received.removeFirst(size)
                    return .frame(header, payload)
                }
            }
            guard let more = receive(within: milliseconds) else { return .timedOut }
            guard !more.isEmpty else { return .ended }
            received += more
        }
    }

    /// Throws away what comes until the peer has closed.
    ///
    /// - Returns: whether it did.
    func drain() -> Bool {
        while let more = receive(within: Self.patience) {
            if more.isEmpty { return true }
        }
        return false
    }

    private func receive(within milliseconds: Int32) -> [UInt8]? {
        guard wait(for: Int16(POLLIN), milliseconds) else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: 65536) { memory, count in
            count = max(0, unsafe recv(descriptor, memory.baseAddress, memory.count, 0))  // a reset is an end too
        }
    }

    private func wait(for events: Int16, _ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}

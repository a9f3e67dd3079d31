import CLinux
import Glibc

/// A connected or connecting, non-blocking stream socket.
struct Socket: ~Copyable {
    let descriptor: Descriptor

    /// What one read or write did.
    enum Transfer {
        case bytes(Int)
        case wouldBlock
        case closed
        case failed(SystemError)
    }

    init(connecting address: SocketAddress) throws(SystemError) {
        let number = clinux_socket(address.family, 1)
        let failure: SystemError? = number >= 0 ? nil : .current
        descriptor = Descriptor(owning: number)
        if let failure { throw failure }
        if address.family != AF_UNIX {
            var on: Int32 = 1  // calls are small and wait for their answer: never hold one back
            _ = unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        if let failure = address.connect(number) { throw failure }
    }

    /// What became of a connection under way, once the socket is writable: connect(2), SO_ERROR.
    func connectionFailure() -> SystemError? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else { return .current }
        return number == 0 ? nil : SystemError(number: number)
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = unsafe recv(descriptor.number, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .closed }
            if let end = ended(.current) { return end }
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = unsafe Glibc.send(descriptor.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if let end = ended(.current) { return end }
        }
    }

    private func ended(_ error: SystemError) -> Transfer? {
        if error.interrupted { return nil }
        return error.wouldBlock ? .wouldBlock : .failed(error)
    }
}

// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import LinuxRuntime
import TLSTransport

/// A connected or connecting, non-blocking stream socket.
struct Socket: ~Copyable {
    let descriptor: Descriptor
    /// Encrypts what is sent; nil for a plain socket.
    let tls: TLSSession?

    /// - Parameters:
    ///   - security: what TLS on it needs; nil for a plain socket.
    ///   - scratch: the thread's memory for encrypted bytes.
    init(
        connecting address: SocketAddress, _ security: (host: String, context: TLSContext)? = nil,
        _ scratch: @autoclosure () -> TLSScratch = TLSScratch()
    ) throws(SystemError) {
        let number = clinux_socket(address.family, 1)
        let failure = number >= 0 ? nil : SystemError("socket")
        descriptor = Descriptor(owning: number)
        tls = security.flatMap {
            number < 0 ? nil : TLSSession($0.context, descriptor: number, scratch: scratch(), host: $0.host)
        }
        if let failure { throw failure }
        // Without memory, or for a name that no certificate can have.
        if security != nil, tls == nil { throw SystemError("TLS", code: EINVAL) }
        if address.family != AF_UNIX {
            StreamSocket.setNoDelay(number)  // calls are small and wait for their answer: never hold one back
        }
        if let failure = address.connect(number) { throw failure }
    }

    /// What became of a connection under way, once the socket is writable: connect(2), SO_ERROR.
    func connectionFailure() -> SystemError? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else {
            return SystemError("getsockopt")
        }
        return number == 0 ? nil : SystemError("connect", code: number)
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> StreamSocket.Transfer {
        if let tls { return unsafe tls.receive(into: buffer.baseAddress, capacity: buffer.count) }
        return unsafe StreamSocket.receive(descriptor.number, into: buffer.baseAddress, capacity: buffer.count)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> StreamSocket.Transfer {
        if let tls { return unsafe tls.send(from: bytes.baseAddress, count: bytes.count) }
        return unsafe StreamSocket.send(descriptor.number, from: bytes.baseAddress, count: bytes.count)
    }
}

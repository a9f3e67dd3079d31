// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import LinuxRuntime

/// A connected or connecting, non-blocking stream socket.
struct Socket: ~Copyable {
    let descriptor: Descriptor

    init(connecting address: SocketAddress) throws(SystemError) {
        let number = clinux_socket(address.family, 1)
        let failure = number >= 0 ? nil : SystemError("socket")
        descriptor = Descriptor(owning: number)
        if let failure { throw failure }
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
        unsafe StreamSocket.receive(descriptor.number, into: buffer.baseAddress, capacity: buffer.count)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> StreamSocket.Transfer {
        unsafe StreamSocket.send(descriptor.number, from: bytes.baseAddress, count: bytes.count)
    }
}

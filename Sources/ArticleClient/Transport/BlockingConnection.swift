import CLinux
import Glibc
import LinuxRuntime

/// A connected socket without a client around it, for programs of this package that write frames themselves.
package enum BlockingConnection {
    /// Connects to the first of the endpoint's addresses that answers. The caller closes the descriptor. Reads wait for at most
    /// 10 seconds.
    package static func open(_ endpoint: Endpoint) throws(ClientError) -> Int32 {
        var failure = ClientError.connection("\(endpoint) has no address")
        for address in try SocketAddress.resolve(endpoint) {
            let number = clinux_socket(address.family, 0)
            guard number >= 0 else { throw .connection("no socket can be made: \(SystemError("socket").text)") }
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

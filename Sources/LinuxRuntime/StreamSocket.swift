// SPDX-License-Identifier: Apache-2.0
public import Glibc

/// Reads and writes on a connected, non-blocking stream socket.
public enum StreamSocket {
    /// The result of one read or write.
    public enum Transfer {
        /// So many bytes were moved.
        case bytes(Int)
        /// The socket has nothing to read, or takes no more.
        case wouldBlock
        /// The peer sends no more.
        case ended
        /// An `errno`.
        case failed(Int32)
    }

    /// Reads what is there, at most `capacity` bytes: recv(2).
    @inlinable
    public static func receive(
        _ descriptor: Int32, into base: UnsafeMutableRawPointer?, capacity: Int
    ) -> Transfer {
        while true {
            let count = unsafe recv(descriptor, base, capacity, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    /// Writes what the socket takes: send(2). If the peer is gone, that is an error and never a SIGPIPE.
    @inlinable
    public static func send(_ descriptor: Int32, from base: UnsafeRawPointer?, count: Int) -> Transfer {
        while true {
            let written = unsafe Glibc.send(descriptor, base, count, Int32(MSG_NOSIGNAL))
            if written >= 0 { return .bytes(written) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    /// Sends no more; what the peer sends can still be read: shutdown(2).
    public static func endSending(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends small messages at once: TCP_NODELAY of tcp(7).
    public static func setNoDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

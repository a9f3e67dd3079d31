internal import CLinux
internal import Glibc

/// The system calls of the event loops, and all that is unsafe about them.
enum SystemCall {
    /// What a read or a write on a non-blocking descriptor came to.
    enum Transfer {
        case bytes(Int)
        case wouldBlock
        case ended
        case failed(Int32)
    }

    static var lastError: Int32 { errno }

    static func text(of code: Int32) -> String {
        guard let name = unsafe clinux_error_text(code) else { return "error \(code)" }
        return unsafe String(cString: name)
    }

    static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }

    /// Reads what is there, at most `capacity` bytes: recv(2).
    static func receive(_ descriptor: Int32, into base: UnsafeMutableRawPointer, capacity: Int) -> Transfer {
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

    /// Writes what the socket takes: send(2). A peer that is gone is an answer here, never a signal.
    static func send(_ descriptor: Int32, from base: UnsafeRawPointer, count: Int) -> Transfer {
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

    /// No more will be sent; what the peer sends can still be read: shutdown(2).
    static func endSending(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    static func setNoDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

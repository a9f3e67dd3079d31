internal import CLinux
internal import Glibc
internal import Synchronization

/// A call of foreign code on a thread of its own, which the caller waits for no longer than it likes.
///
/// A call that takes too long goes on: there is no way to end a thread that is not ours to end. Its answer is dropped.
public final class BoundedCall<Answer: Sendable>: Sendable {
    /// Readable as soon as there is an answer: for poll(2).
    public let descriptor: Int32
    private let kept = Mutex<Answer?>(nil)

    /// Begins the call.
    public init(_ call: @escaping @Sendable () -> Answer) throws(SystemError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw SystemError("eventfd") }
        let code = BackgroundThread.run { [self] in
            let answer = call()
            kept.withLock { $0 = answer }
            _ = clinux_eventfd_signal(descriptor)
        }
        guard code == 0 else { throw SystemError("pthread_create", code: code) }
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// The answer, if there is one by now.
    public var answer: Answer? { kept.withLock { $0 } }

    /// The answer, or nil if there is none within the time.
    public func wait(nanoseconds: UInt64) -> Answer? {
        let deadline = clinux_now() &+ nanoseconds
        while true {
            let now = clinux_now()
            // Rounded up: one that rounds down spins through its last millisecond.
            let left = deadline > now ? Int32(clamping: (deadline - now + 999_999) / 1_000_000) : 0
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&watched, 1, left)
            if ready > 0 || (ready == 0 && left == 0) { return answer }
        }
    }
}

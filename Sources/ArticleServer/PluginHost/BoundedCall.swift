public import LinuxRuntime
internal import Synchronization

/// A call of foreign code on a thread of its own, which the caller waits for no longer than it likes.
///
/// A call that takes too long goes on: there is no way to end a thread that is not ours to end. Its answer is dropped.
public final class BoundedCall<Answer: Sendable>: Sendable {
    private let event: EventDescriptor
    private let kept = Mutex<Answer?>(nil)

    /// Begins the call.
    public init(_ call: @escaping @Sendable () -> Answer) throws(SystemError) {
        event = try EventDescriptor()
        try Thread.detach("bounded-call") { [self] in
            let answer = call()
            kept.withLock { $0 = answer }
            event.signal()
        }
    }

    /// Readable as soon as there is an answer: for poll(2).
    public var descriptor: Int32 { event.number }

    /// The answer, if there is one by now.
    public var answer: Answer? { kept.withLock { $0 } }

    /// The answer, or nil if there is none until `deadline`.
    public func wait(until deadline: UInt64) -> Answer? {
        _ = event.wait(until: deadline)
        return answer
    }
}

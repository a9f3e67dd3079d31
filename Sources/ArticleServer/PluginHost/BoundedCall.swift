// SPDX-License-Identifier: Apache-2.0
public import LinuxRuntime
internal import Synchronization

/// A call of foreign code on a thread of its own, with a limit on the wait.
///
/// A call that takes too long continues, because its thread cannot be ended safely. Its answer is dropped.
public final class BoundedCall<Answer: Sendable>: Sendable {
    private let event: EventDescriptor
    private let kept = Mutex<Answer?>(nil)

    /// Starts the call.
    public init(_ call: @escaping @Sendable () -> Answer) throws(SystemError) {
        event = try EventDescriptor()
        try Thread.detach("bounded-call") { [self] in
            let answer = call()
            kept.withLock { $0 = answer }
            event.signal()
        }
    }

    /// Readable when there is an answer: for poll(2).
    public var descriptor: Int32 { event.number }

    /// The answer, or nil if there is none yet.
    public var answer: Answer? { kept.withLock { $0 } }

    /// The answer, or nil if there is none until `deadline`.
    public func wait(until deadline: UInt64) -> Answer? {
        _ = event.wait(until: deadline)
        return answer
    }
}

internal import CLinux
internal import Synchronization

/// A question to all event loops, and what each of them last answered.
final class RollCall: Sendable {
    /// Readable when an answer has changed.
    let descriptor: Int32
    private let answers: Mutex<[Bool?]>

    init(loops: Int) throws(SystemError) {
        descriptor = clinux_eventfd()
        answers = Mutex(Array(repeating: nil, count: loops))
        guard descriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit { if descriptor >= 0 { SystemCall.close(descriptor) } }

    /// Any thread.
    func answer(_ loop: Int, isQuiet: Bool) {
        let isNew = answers.withLock { answers in
            defer { answers[loop] = isQuiet }
            return answers[loop] != isQuiet
        }
        if isNew { _ = clinux_eventfd_signal(descriptor) }
    }

    /// Whether every loop has answered, and all of them are quiet; nil as long as one has not answered.
    var isQuiet: Bool? {
        answers.withLock { answers in answers.contains(nil) ? nil : answers.allSatisfy { $0 == true } }
    }

    /// Waits until `isDone`, which is asked anew after each answer.
    ///
    /// - Returns: false if it was not at that time.
    func wait(until deadline: UInt64, _ isDone: (Bool?) -> Bool) -> Bool {
        while !isDone(isQuiet) {
            guard Wait.now < deadline else { return false }
            Wait.until(deadline, readable: [descriptor])
            _ = clinux_eventfd_clear(descriptor)
        }
        return true
    }
}

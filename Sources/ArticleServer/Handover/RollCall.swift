internal import LinuxRuntime
internal import Synchronization

/// A question to all event loops, and what each of them last answered.
final class RollCall: Sendable {
    private let event: EventDescriptor
    private let answers: Mutex<[Bool?]>

    init(loops: Int) throws(SystemError) {
        event = try EventDescriptor()
        answers = Mutex(Array(repeating: nil, count: loops))
    }

    /// Any thread.
    func answer(_ loop: Int, isQuiet: Bool) {
        let isNew = answers.withLock { answers in
            defer { answers[loop] = isQuiet }
            return answers[loop] != isQuiet
        }
        if isNew { event.signal() }
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
            guard MonotonicClock.now < deadline else { return false }
            Wait.until(deadline, readable: [event.number])
            event.clear()
        }
        return true
    }
}

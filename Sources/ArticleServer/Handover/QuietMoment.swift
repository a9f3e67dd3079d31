internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// Finds a moment in which all connections can be handed over at once, while the service goes on.
///
/// A request that takes long would keep all clients waiting, if everybody had to rest until it ends. So all are served as
/// before while one is in flight that began a while ago. When there is none, all rest; what keeps them waiting then is
/// slow after all, and they are served on until it ends, and rest again, for longer each time: where every request takes
/// its time, no moment is quiet by itself.
final class QuietMoment: Sendable {
    /// What began longer ago is not about to end by itself.
    private static let slow: UInt64 = 100_000_000
    /// How long all rest at first for what began just now.
    private static let firstRest: UInt64 = 250_000_000
    /// When to look again whether what is slow has ended.
    private static let pause: UInt64 = 20_000_000
    /// How long a loop may take to answer: one that does not is stuck in a plugin.
    private static let patience: UInt64 = 1_000_000_000

    private let loops: [EventLoop]
    private let isGivenUp = Atomic(false)

    init(_ loops: [EventLoop]) { self.loops = loops }

    /// Nobody waits for the moment any more. Any thread.
    func giveUp() { isGivenUp.store(true, ordering: .relaxed) }

    /// Waits for the moment, and returns with all loops at rest; without, if it did not come until `deadline`.
    func wait(until deadline: UInt64) {
        var rest = Self.firstRest
        var isTold = false
        do throws(SystemError) {
            while true {
                while try !hasNothingSlow() {
                    if !isTold { Log.notice("slow requests are in flight: all clients are served until they end") }
                    isTold = true
                    guard !isOver(deadline) else { return }
                    Wait.until(min(deadline, MonotonicClock.now &+ Self.pause), readable: [])
                }
                guard !isOver(deadline) else { return }
                let roll = try RollCall(loops: loops.count)
                for loop in loops { loop.inbox.add { loop.rest(roll) } }
                if roll.wait(until: min(deadline, MonotonicClock.now &+ rest), { $0 == true }) || isOver(deadline) {
                    return
                }
                for loop in loops { loop.inbox.add { loop.endRest() } }
                rest &*= 2
            }
        } catch {
            Log.warning("whether slow requests are in flight is not known: \(error)")
        }
    }

    private func isOver(_ deadline: UInt64) -> Bool {
        isGivenUp.load(ordering: .relaxed) || MonotonicClock.now >= deadline
    }

    private func hasNothingSlow() throws(SystemError) -> Bool {
        let roll = try RollCall(loops: loops.count)
        let time = MonotonicClock.now &- Self.slow
        for loop in loops { loop.inbox.add { roll.answer(loop.index, isQuiet: loop.hasNothingSlow(since: time)) } }
        return roll.wait(until: MonotonicClock.now &+ Self.patience) { $0 != nil } && roll.isQuiet == true
    }
}

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

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// Finds a moment when all connections can be handed over at once, while the service keeps running.
///
/// If all clients had to wait until a slow request ends, the pause would be long. So all are served while a request is
/// in flight that began a while ago. When there is none, all loops rest. If they do not become quiet in time, they
/// serve again until the slow request has ended. Each rest is longer than the one before, because a service whose
/// requests are all slow has no quiet moment by itself.
final class QuietMoment: Sendable {
    /// A request that began longer ago is slow.
    private static let slow: UInt64 = 100_000_000
    /// How long the first rest may last.
    private static let firstRest: UInt64 = 250_000_000
    /// How long to wait before checking for slow requests again.
    private static let pause: UInt64 = 20_000_000
    /// How long a loop may take to answer. If it takes longer, a plugin blocks it.
    private static let answerTimeout: UInt64 = 1_000_000_000

    private let loops: [EventLoop]
    private let isCancelled = Atomic(false)

    init(_ loops: [EventLoop]) { self.loops = loops }

    /// Ends the wait. Any thread.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Waits for the moment, and returns with all loops at rest. Returns at `deadline` in any case.
    func wait(until deadline: UInt64) {
        var rest = Self.firstRest
        var isTold = false
        do throws(SystemError) {
            while true {
                while try !hasNothingSlow() {
                    if !isTold { Log.notice("slow requests are in flight: all clients are served until those end") }
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
            Log.warning("cannot tell whether slow requests are in flight: \(error)")
        }
    }

    private func isOver(_ deadline: UInt64) -> Bool {
        isCancelled.load(ordering: .relaxed) || MonotonicClock.now >= deadline
    }

    private func hasNothingSlow() throws(SystemError) -> Bool {
        let roll = try RollCall(loops: loops.count)
        let time = MonotonicClock.now &- Self.slow
        for loop in loops { loop.inbox.add { roll.answer(loop.index, isQuiet: loop.hasNothingSlow(since: time)) } }
        return roll.wait(until: MonotonicClock.now &+ Self.answerTimeout) { $0 != nil } && roll.isQuiet == true
    }
}

/// A question to all event loops, and the last answer of each.
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

    /// Whether all loops are quiet; nil until every loop has answered.
    var isQuiet: Bool? {
        answers.withLock { answers in answers.contains(nil) ? nil : answers.allSatisfy { $0 == true } }
    }

    /// Waits until `isDone` returns true. It is called after each answer.
    ///
    /// - Returns: false if the deadline came first.
    func wait(until deadline: UInt64, _ isDone: (Bool?) -> Bool) -> Bool {
        while !isDone(isQuiet) {
            guard MonotonicClock.now < deadline else { return false }
            Wait.until(deadline, readable: [event.number])
            event.clear()
        }
        return true
    }
}

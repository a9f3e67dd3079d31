internal import LinuxRuntime
internal import Synchronization

/// Wakes the watcher when something happens after a quiet time. Shared by the loops.
final class Bell: Sendable {
    private let event: EventDescriptor
    private let isAwaited = Atomic<Bool>(false)

    init() throws(SystemError) { event = try EventDescriptor() }

    /// With each turn of a loop: one load, and a system call only after a quiet time.
    @inline(__always)
    func touch() {
        if isAwaited.load(ordering: .relaxed) { ring() }
    }

    func ring() {
        isAwaited.store(false, ordering: .relaxed)
        event.signal()
    }

    /// Waits until it is rung, at most until `deadline`.
    ///
    /// - Parameter byTurn: whether a loop's turn rings it.
    func wait(until deadline: UInt64, byTurn: Bool) {
        isAwaited.store(byTurn, ordering: .relaxed)
        Wait.until(deadline, readable: [event.number])
        isAwaited.store(false, ordering: .relaxed)
        event.clear()
    }
}

/// Looks after the event loops from a thread of its own: names what keeps one of them, has another one take over the
/// listeners, and gives memory back to the system after a burst.
///
/// It sleeps while no loop turns.
final class Watcher: Sendable {
    /// A loop that is kept for so long is told of, and is replaced.
    private static let patience: UInt64 = 1_000_000_000
    private static let interval: UInt64 = 250_000_000
    /// Without a turn of any loop for so many intervals, the watcher sleeps until there is one.
    private static let quiet = 8
    /// A loop whose turn begins in the very moment in which the watcher goes to sleep may not see that it has to ring: it
    /// is looked at after so long all the same.
    private static let longest: UInt64 = 10_000_000_000

    private let bell: Bell
    private let isOver = Atomic<Bool>(false)

    init(_ bell: Bell) { self.bell = bell }

    /// Runs until `stop`.
    ///
    /// - Parameter replace: a loop is stuck: there may be too few that are not.
    func run(_ loops: () -> [EventLoop], replace: (Int) -> Void) {
        /// What was told, by loop.
        var told: [Int: Occupation] = [:]
        var memory = MemoryReturn()
        var beats: [UInt64] = []
        var still = 0
        while !isOver.load(ordering: .relaxed) {
            let all = loops()
            let now = MonotonicClock.now
            var stuck = 0
            for loop in all {
                let occupation = loop.occupation(since: now &- Self.patience)
                if let last = told[loop.index], last.since != occupation?.since {
                    Self.tellEnd(last, now)
                    told[loop.index] = nil
                }
                guard let occupation else { continue }
                stuck += 1
                if told[loop.index] == nil { Self.tell(occupation, now) }
                told[loop.index] = occupation
            }
            if stuck > 0 { replace(all.count - stuck) }
            let turns = all.map { $0.lastBeat.load(ordering: .relaxed) }
            still = turns == beats && stuck == 0 ? still + 1 : 0
            beats = turns
            let isPending = memory.look(at: now, all)
            let sleeps = still >= Self.quiet && !isPending
            bell.wait(until: now &+ (sleeps ? Self.longest : Self.interval), byTurn: sleeps)
        }
    }

    /// Ends `run`. Any thread.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        bell.ring()
    }

    private static func tell(_ occupation: Occupation, _ now: UInt64) {
        Log.warning(
            "\(occupation) has kept event loop \(occupation.loop) for "
                + "\(TimeText.of(nanoseconds: MonotonicClock.elapsed(from: occupation.since, to: now))): the connections on it wait",
            occupation.fields)
    }

    private static func tellEnd(_ occupation: Occupation, _ now: UInt64) {
        Log.notice(
            "event loop \(occupation.loop) goes on, after "
                + "\(TimeText.of(nanoseconds: MonotonicClock.elapsed(from: occupation.since, to: now))) in \(occupation)",
            occupation.fields)
    }
}

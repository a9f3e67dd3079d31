internal import CLinux
internal import Glibc
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

/// Gives memory back to the system that was needed for a while and is not any more: malloc_trim(3).
///
/// The allocator keeps what was freed between what is still in use, which after a burst may be most of the process.
struct MemoryReturn {
    /// Growth that is worth a look. A trim holds up those that allocate meanwhile, a few milliseconds for 100 MiB.
    private static let worthwhile = 32 << 20
    private static let interval: UInt64 = 5_000_000_000

    /// Memory of the process's own beside buffers, after the last trim: so much it needs.
    private var needed: Int?
    private var next: UInt64 = 0
    private var isAsked = false

    /// - Returns: whether there is something to give back, at the next look.
    mutating func look(at now: UInt64, _ loops: [EventLoop]) -> Bool {
        guard let context = loops.first?.context, let held = Self.ownMemory else { return false }
        let beside = held - min(held, max(0, context.bufferedBytes))
        guard let needed else {
            self.needed = beside
            return false
        }
        if isAsked {
            isAsked = false
            clinux_trim_heap()
            self.needed = (Self.ownMemory ?? held) - min(held, max(0, context.bufferedBytes))
            next = now &+ Self.interval
            return false
        }
        self.needed = min(needed, beside)
        guard beside - min(needed, beside) >= Self.worthwhile else { return false }
        guard now >= next else { return true }
        // What the loops have spare goes first.
        for loop in loops { loop.inbox.add { loop.buffers.shrink() } }
        isAsked = true
        return true
    }

    /// Resident memory that is no file's, bytes: proc(5).
    private static var ownMemory: Int? {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Descriptor.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ").map { Int($0) ?? 0 }
        guard fields.count > 2 else { return nil }
        // Pages: below 2^40, as addresses have 52 bits at most.
        return max(0, fields[1] - fields[2]) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

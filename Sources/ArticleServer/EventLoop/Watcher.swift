// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// Wakes the watcher when a loop turns after a quiet time. Shared by the loops.
final class TurnEvent: Sendable {
    private let event: EventDescriptor
    private let isAwaited = Atomic<Bool>(false)

    init() throws(SystemError) { event = try EventDescriptor() }

    /// Called with each turn of a loop. It costs one load, and a system call only after a quiet time.
    @inline(__always)
    func turned() {
        if isAwaited.load(ordering: .relaxed) { signal() }
    }

    func signal() {
        isAwaited.store(false, ordering: .relaxed)
        event.signal()
    }

    /// Waits for a signal, at most until `deadline`.
    ///
    /// - Parameter byTurn: whether a loop's turn counts as one.
    func wait(until deadline: UInt64, byTurn: Bool) {
        isAwaited.store(byTurn, ordering: .relaxed)
        Wait.until(deadline, readable: [event.number])
        isAwaited.store(false, ordering: .relaxed)
        event.clear()
    }
}

/// Watches the event loops from a thread of its own: reports what blocks a loop, adds a loop in its place, and returns
/// memory to the system after a burst.
///
/// It sleeps while no loop turns.
final class Watcher: Sendable {
    /// A loop that is blocked for so long is reported and replaced.
    private static let stuckAfter: UInt64 = 1_000_000_000
    private static let interval: UInt64 = 250_000_000
    /// After so many intervals without a turn of any loop, the watcher sleeps until the next turn.
    private static let sleepsAfter = 8
    /// A loop whose turn begins just when the watcher goes to sleep may not see that it must signal. So the watcher
    /// sleeps no longer than this.
    private static let maxSleep: UInt64 = 10_000_000_000

    private let turnEvent: TurnEvent
    private let isOver = Atomic<Bool>(false)

    init(_ turnEvent: TurnEvent) { self.turnEvent = turnEvent }

    /// Runs until `stop`.
    ///
    /// - Parameter replace: called with the number of loops that are not blocked, while one is.
    func run(_ loops: () -> [EventLoop], replace: (Int) -> Void) {
        /// What was reported, by loop.
        var reported: [Int: LoopBlocker] = [:]
        var memory = MemoryTrimmer()
        var beats: [UInt64] = []
        var quietIntervals = 0
        while !isOver.load(ordering: .relaxed) {
            let all = loops()
            let now = MonotonicClock.now
            var stuck = 0
            for loop in all {
                let blocker = loop.blocker(since: now &- Self.stuckAfter)
                if let last = reported[loop.index], last.since != blocker?.since {
                    Self.reportEnd(last, now)
                    reported[loop.index] = nil
                }
                guard let blocker else { continue }
                stuck += 1
                if reported[loop.index] == nil { Self.report(blocker, now) }
                reported[loop.index] = blocker
            }
            if stuck > 0 { replace(all.count - stuck) }
            let turns = all.map { $0.lastBeat.load(ordering: .relaxed) }
            quietIntervals = turns == beats && stuck == 0 ? quietIntervals + 1 : 0
            beats = turns
            let isPending = memory.check(at: now, all)
            let sleeps = quietIntervals >= Self.sleepsAfter && !isPending
            turnEvent.wait(until: now &+ (sleeps ? Self.maxSleep : Self.interval), byTurn: sleeps)
        }
    }

    /// Ends `run`. Any thread.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        turnEvent.signal()
    }

    private static func report(_ blocker: LoopBlocker, _ now: UInt64) {
        let time = TimeText.of(nanoseconds: MonotonicClock.elapsed(from: blocker.since, to: now))
        Log.warning(
            "\(blocker) has blocked event loop \(blocker.loop) for \(time): the connections on it wait", blocker.fields)
    }

    private static func reportEnd(_ blocker: LoopBlocker, _ now: UInt64) {
        let time = TimeText.of(nanoseconds: MonotonicClock.elapsed(from: blocker.since, to: now))
        Log.notice("event loop \(blocker.loop) continues after \(time) in \(blocker)", blocker.fields)
    }
}

/// Returns memory to the system that is no longer needed: malloc_trim(3).
///
/// The allocator keeps freed memory that lies between blocks in use. After a burst that may be most of the process.
struct MemoryTrimmer {
    /// So much is worth a trim. A trim blocks other allocations, a few milliseconds for 100 MiB.
    private static let minGrowth = 32 << 20
    private static let interval: UInt64 = 5_000_000_000

    /// The process's own memory without buffers: the least so far, and after the last trim.
    private var least: Int?
    private var afterTrim = 0
    /// The least of it that was not allocated: the program's own data, stacks, and what is free.
    private var leastUnallocated = 0
    private var next: UInt64 = 0
    private var isRequested = false

    /// - Returns: whether there is something to do at the next check.
    mutating func check(at now: UInt64, _ loops: [EventLoop]) -> Bool {
        guard let context = loops.first?.context, let held = Self.ownMemory else { return false }
        let beside = held - min(held, max(0, context.bufferedBytes))
        guard let least else {
            (self.least, afterTrim) = (beside, beside)
            leastUnallocated = beside - Self.allocated
            return false
        }
        if isRequested {
            isRequested = false
            clinux_trim_heap()
            let left = Self.ownMemory ?? held
            afterTrim = left - min(left, max(0, context.bufferedBytes))
            return false
        }
        self.least = min(least, beside)
        afterTrim = min(afterTrim, beside)
        guard beside - min(least, beside) >= Self.minGrowth else { return false }
        guard now >= next else { return true }
        next = now &+ Self.interval
        // A trim in the middle of a burst returns nothing, and the memory does not grow when the burst's is freed.
        let unallocated = beside - Self.allocated
        leastUnallocated = min(leastUnallocated, unallocated)
        guard beside - afterTrim >= Self.minGrowth || unallocated - leastUnallocated >= Self.minGrowth else {
            return false
        }
        // First the loops free their spare blocks.
        for loop in loops { loop.inbox.add { loop.buffers.shrink() } }
        isRequested = true
        return true
    }

    private static var allocated: Int { Int(clamping: clinux_heap_in_use()) }

    /// Resident memory that is not backed by files, in bytes: proc(5).
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

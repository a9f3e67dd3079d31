// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime
internal import Synchronization
internal import TLSTransport

/// One thread, its poller, and the connections it owns.
///
/// A turn waits for descriptors, serves each that is ready, runs the jobs of other threads, checks deadlines, and
/// writes what is left to write. Nothing in a turn blocks.
final class EventLoop: @unchecked Sendable {
    // Sendable: all mutable state is confined to the loop's own thread, except `inbox` and the atomics, which are safe
    // to share. Other threads reach the rest through `inbox`.

    let index: Int
    let inbox: Inbox
    let context: ServerContext
    let buffers = BufferPool()
    let requests: RequestPool
    /// The calls between plugins that it carries.
    let calls = PluginCalls()
    let counters: LoopCounters

    /// CLOCK_MONOTONIC in nanoseconds when the current step of the turn began.
    private(set) var now: UInt64 = MonotonicClock.now
    /// When the loop last began a turn: what the watchdog looks at.
    let lastBeat = Atomic<UInt64>(MonotonicClock.now)
    /// Whose code the thread is running.
    let activity = Activity()

    /// The current one. A reload replaces it.
    private(set) var configuration: ServerConfiguration
    /// A request that takes so many nanoseconds is slow.
    var slowRequest: UInt64
    /// When the last request of this loop was answered. The next one of a batch begins there, so that the clock is not
    /// read again.
    var lastAnswer: UInt64 = 0

    let poller: Poller
    private let timer: TimerDescriptor
    let acceptors: [Acceptor]
    var connections = ConnectionTable()
    private var unwritten: [ClientConnection] = []
    private var ownJobs: [Inbox.Job] = []
    private var jobs: [Inbox.Job] = []
    /// Memory for encrypted bytes.
    lazy var scratch = TLSScratch()
    var tlsWork = TLSWork()
    private var alarm = UInt64.max
    private var lastRequest: UInt64
    var phase = Phase.serving
    /// While true, connections leave the writing of their answers to the loop.
    private(set) var isBatching = false
    /// Answers wait at most so many nanoseconds before they are written.
    var batchTime: UInt64 = 200_000
    /// The loop's own jobs run for at most so many nanoseconds a turn; the others wait for the next turn.
    private static let jobTime: UInt64 = 2_000_000
    private let thread = Atomic<UInt>(0)

    /// The connections that the next process takes over. Read it when the loop has ended.
    var inTransit: [ConnectionInTransit] = []

    enum Phase {
        case serving
        case draining(until: UInt64)
        case resting(RollCall)
        case handingOver(until: UInt64, streamsUntil: UInt64)
        case stopped
    }

    enum Token {
        static let inbox = UInt64.max
        static let timer = UInt64.max - 1
        /// Acceptors have the tokens from here on, connections those below.
        static let acceptors = UInt64(1) << 62
    }

    init(index: Int, context: ServerContext, listeners: [Listener]) throws(SystemError) {
        self.index = index
        self.context = context
        configuration = context.configuration
        slowRequest = context.configuration.slowRequestNanoseconds
        inbox = try Inbox()
        poller = try Poller()
        timer = try TimerDescriptor()
        requests = RequestPool()
        // Each loop numbers its own requests. Its index in the high bits keeps the numbers apart.
        lastRequest = UInt64(index) << 48
        counters = context.counters.loop(index)
        acceptors = listeners.map { Acceptor(listener: $0) }
        try poller.add(inbox.descriptor, .readable, token: Token.inbox)
        try poller.add(timer.number, .readable, token: Token.timer)
        try startAccepting()
    }

    /// Whether the calling thread is the loop's own.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// How many nanoseconds a turn may wait at most, for the watchdog; 0 is no limit.
    private var beat: UInt64 { context.beatInterval }

    /// Serves until `stop`, or until a drain has ended. Called once, by the loop's thread.
    func run() {
        becomeCurrent()
        while true {
            if case .stopped = phase { break }
            turn()
        }
        for case let connection? in connections.slots { connection.close(.unavailable) }
        tlsWork = TLSWork()
        calls.close(on: self)
        // Plugins may still answer requests whose connection is closed.
    }

    /// Makes the calling thread the loop's own.
    func becomeCurrent() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

    /// One turn. Tests call it directly.
    func turn() {
        let ready = poller.wait(timeout: timeout())
        var jobsWait = false
        var first = 0
        while first < ready {
            let end = min(first + BufferPool.aheadCount, ready)
            if serve(first..<end) { jobsWait = true }
            first = end
        }
        serveUnread()
        continueHandshakes()
        now = MonotonicClock.now
        lastBeat.store(now, ordering: .relaxed)
        context.turnEvent?.turned()
        if jobsWait {
            inbox.take(&jobs)
            runJobs()
        }
        // Jobs may schedule each other for ever. The limit leaves time for connections, other threads and the watchdog.
        let end = now &+ Self.jobTime
        while !ownJobs.isEmpty, now < end {
            jobs.removeAll(keepingCapacity: true)
            swap(&jobs, &ownJobs)
            runJobs()
            now = MonotonicClock.now
        }
        if now >= alarm { checkDeadlines() }
        writeOut()
        switch phase {
        case .draining(let end) where connections.count == 0 && calls.isIdle || now >= end: phase = .stopped
        case .resting(let roll):
            roll.answer(self.index, isQuiet: !connections.slots.contains { $0?.delaysHandover ?? false })
        case .handingOver(let end, let streamsEnd)
        where isAtRest(until: end, streamsEnd) && (calls.isIdle || now >= end):
            finishHandover()
        default: break
        }
    }

    /// Serves what is ready.
    ///
    /// If several connections are ready, all of them are read before the first is served, so that their plugins can
    /// prefetch. Their answers are written when all are served, or when that takes long: a client with several
    /// connections is then woken once, not each time.
    ///
    /// - Returns: whether the inbox has jobs.
    private func serve(_ events: Range<Int>) -> Bool {
        var jobsWait = false
        now = MonotonicClock.now
        isBatching = events.count > 1
        if isBatching {
            for index in events { readAhead(poller.event(index), index - events.lowerBound) }
        }
        for index in events {
            let (token, readiness) = poller.event(index)
            let before = lastAnswer
            switch token {
            case Token.inbox: jobsWait = true
            case Token.timer: timer.disarm()
            case Token.acceptors...: accept(from: Int(token - Token.acceptors))
            default: connections[token]?.serve(readiness)
            }
            guard !unwritten.isEmpty else { continue }
            // A request that was answered has read the clock.
            let time = lastAnswer != before ? lastAnswer : MonotonicClock.now
            if time &- now > batchTime {
                writeOut()
                now = time
            }
        }
        isBatching = false
        writeOut()
        return jobsWait
    }

    /// The time-out of the turn's wait: 0, or -1 with the timer armed.
    private func timeout() -> Int32 {
        guard ownJobs.isEmpty, unwritten.isEmpty, tlsWork.isEmpty else { return 0 }
        var next = alarm
        switch phase {
        case .draining(let end): next = min(next, end)
        case .handingOver(let end, let streamsEnd): next = min(next, now < streamsEnd ? streamsEnd : end)
        case .serving, .resting, .stopped: break
        }
        if beat > 0 { next = min(next, now &+ beat) }
        timer.arm(by: next)
        return -1
    }

    private func runJobs() {
        for job in jobs {
            let before = activity.enter(
                job: unsafe UInt(bitPattern: unsafeBitCast(job.run, to: UnsafeRawPointer.self)), at: now)
            unsafe job.run(job.job, job.context)
            activity.leave(before)
        }
        jobs.removeAll(keepingCapacity: true)
    }

    /// Runs a job on the loop's thread soon. Any thread.
    func schedule(_ job: Inbox.Job) {
        // The loop's own jobs need no lock and no signal.
        if isCurrent { ownJobs.append(job) } else { inbox.add(job) }
    }

    /// The number of a new request, unique in this process.
    @inline(__always)
    func nextRequestID() -> UInt64 {
        lastRequest &+= 1
        return lastRequest
    }

    /// Writes the connection's output after all jobs of the turn.
    func writeLater(_ connection: ClientConnection) {
        unwritten.append(connection)
    }

    private func writeOut() {
        guard !unwritten.isEmpty else { return }
        var batch: [ClientConnection] = []
        swap(&batch, &unwritten)
        for connection in batch { connection.writeOut() }
        batch.removeAll(keepingCapacity: true)
        if unwritten.isEmpty { swap(&batch, &unwritten) }
    }

    /// Applies another configuration. What HELLO promised a client stays valid for its connection. The loop's thread.
    func apply(_ new: ServerConfiguration) {
        configuration = new
        slowRequest = new.slowRequestNanoseconds
        for case let connection? in connections.slots { connection.configurationChanged() }
        // Time-outs may have become shorter.
        wake(at: now)
    }

    /// Makes the loop check deadlines at `time` at the latest.
    func wake(at time: UInt64) {
        if time < alarm { alarm = time }
    }

    /// One alarm serves all deadlines. It is set to the earliest, and may fire for a deadline that no longer exists.
    private func checkDeadlines() {
        alarm = .max
        unsafe requests.forEachExpired(at: now) { request in unsafe RequestTable.expire(request) }
        if let next = requests.earliestDeadline { wake(at: next) }
        for case let connection? in connections.slots { connection.checkDeadline(at: now) }
    }

    /// Stops at once. The loop's thread.
    func stop() { phase = .stopped }
}

/// A plugin's name for a loop: `articled_loop *` is the loop's address.
extension EventLoop {
    /// Valid for as long as the loop, which outlives every plugin.
    var handle: OpaquePointer { unsafe OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// - Parameter handle: from `handle` of a loop that exists.
    @inline(__always)
    static func from(_ handle: OpaquePointer) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    }
}

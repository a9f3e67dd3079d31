internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// One thread, its poller, and the connections it owns.
///
/// A turn: wait for descriptors, serve each that is ready, run the jobs that other threads handed over, look
/// after deadlines, write what all that left to write. Nothing in a turn blocks.
final class EventLoop: @unchecked Sendable {
    // Sendable because all mutable state is confined to the loop's own thread, but for `inbox` and the atomics, which
    // are safe to share. Other threads reach the rest through `inbox`.

    let index: Int
    let inbox: Inbox
    let context: ServerContext
    let buffers = BufferPool()
    let requests: RequestPool
    let counters: LoopCounters

    /// CLOCK_MONOTONIC in nanoseconds when the present step of the turn began.
    private(set) var now: UInt64 = MonotonicClock.now
    /// When the loop last began a turn: what the watchdog looks at.
    let lastBeat = Atomic<UInt64>(MonotonicClock.now)
    /// Whose code the thread is in.
    let activity = Activity()

    /// The one in force, which a reload replaces.
    private(set) var configuration: ServerConfiguration
    /// From how many nanoseconds on a request is slow.
    var slowRequest: UInt64
    /// When the last request of this loop was answered: where the next one of a batch begins, without another look at the
    /// clock.
    var lastAnswer: UInt64 = 0

    let poller: Poller
    private let timer: TimerDescriptor
    let acceptors: [Acceptor]
    var connections = ConnectionTable()
    private var unwritten: [Connection] = []
    private var ownJobs: [Inbox.Job] = []
    private var jobs: [Inbox.Job] = []
    private var alarm = UInt64.max
    private var lastRequest: UInt64
    var phase = Phase.serving
    /// Connections that have answers leave the writing to the loop.
    private(set) var isGathering = false
    /// When answers have waited for so many nanoseconds, they are written before another connection is served.
    var gatheringTime: UInt64 = 200_000
    /// When the loop's own jobs have run for so many nanoseconds, those that they have scheduled wait for the next turn.
    private static let jobTime: UInt64 = 2_000_000
    private let thread = Atomic<UInt>(0)

    /// What the next process goes on with; to be read when the loop has ended.
    var leftovers: [HandoverLeftover] = []

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
        /// Acceptors have the numbers from here on, connections those below.
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
        // Each loop numbers its own requests; the loop's index above them keeps them apart.
        lastRequest = UInt64(index) << 48
        counters = context.counters.loop(index)
        acceptors = listeners.map { Acceptor(listener: $0) }
        try poller.add(inbox.descriptor, .readable, token: Token.inbox)
        try poller.add(timer.number, .readable, token: Token.timer)
        try acceptAgain()
    }

    /// Whether the calling thread is the loop's own.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// How many milliseconds a turn may wait at most: the beats that the watchdog wants.
    private var beat: UInt64 { context.beatInterval }

    /// Serves until `stop`, or until a drain is over. Called once, by the loop's thread.
    func run() {
        becomeCurrent()
        while true {
            if case .stopped = phase { break }
            turn()
        }
        for case let connection? in connections.slots { connection.close(.unavailable) }
        // The plugins' answers to requests whose connection is gone may still come: `Server` runs them out.
    }

    /// The calling thread is the loop's own from now on.
    func becomeCurrent() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

    /// One turn: also what tests call, one at a time.
    func turn() {
        let ready = poller.wait(timeout: timeout())
        var jobsWait = false
        var first = 0
        while first < ready {
            let end = min(first + BufferPool.aheadCount, ready)
            if serve(first..<end) { jobsWait = true }
            first = end
        }
        now = MonotonicClock.now
        lastBeat.store(now, ordering: .relaxed)
        context.bell?.touch()
        if jobsWait {
            inbox.take(&jobs)
            runJobs()
        }
        // Jobs may schedule each other for ever: connections, other threads' jobs and the watchdog get their turn.
        let end = now &+ Self.jobTime
        while !ownJobs.isEmpty, now < end {
            jobs.removeAll(keepingCapacity: true)
            swap(&jobs, &ownJobs)
            runJobs()
            now = MonotonicClock.now
        }
        if now >= alarm { lookAfterDeadlines() }
        writeOut()
        switch phase {
        case .draining(let end) where connections.count == 0 || now >= end: phase = .stopped
        case .resting(let roll):
            roll.answer(self.index, isQuiet: !connections.slots.contains { $0?.keepsWaiting ?? false })
        case .handingOver(let end, let streamsEnd) where isAtRest(until: end, streamsEnd): finishHandover()
        default: break
        }
    }

    /// Serves what is ready.
    ///
    /// Several connections are read from before the first of them is served: what their requests need comes near meanwhile.
    /// What they are answered is written when all are served, or that takes long: who reads for several of them is woken once, not
    /// each time.
    ///
    /// - Returns: whether the inbox has jobs.
    private func serve(_ events: Range<Int>) -> Bool {
        var jobsWait = false
        now = MonotonicClock.now
        isGathering = events.count > 1
        if isGathering {
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
            // Whoever was answered has looked at the clock.
            let time = lastAnswer != before ? lastAnswer : MonotonicClock.now
            if time &- now > gatheringTime {
                writeOut()
                now = time
            }
        }
        isGathering = false
        writeOut()
        return jobsWait
    }

    /// How long the turn may wait: not at all, or until the timer expires.
    private func timeout() -> Int32 {
        guard ownJobs.isEmpty, unwritten.isEmpty else { return 0 }
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

    /// Runs a job on the loop's thread, soon. Any thread.
    func schedule(_ job: Inbox.Job) {
        // The loop's own jobs need neither the lock nor the signal.
        if isCurrent { ownJobs.append(job) } else { inbox.add(job) }
    }

    /// The number of a new request, unique in this process.
    @inline(__always)
    func nextRequestID() -> UInt64 {
        lastRequest &+= 1
        return lastRequest
    }

    /// The connection has something to write that came from a job: it is written after all jobs of the turn.
    func writeLater(_ connection: Connection) {
        unwritten.append(connection)
    }

    private func writeOut() {
        guard !unwritten.isEmpty else { return }
        var batch: [Connection] = []
        swap(&batch, &unwritten)
        for connection in batch { connection.writeOut() }
        batch.removeAll(keepingCapacity: true)
        if unwritten.isEmpty { swap(&batch, &unwritten) }
    }

    /// Goes by another configuration from now on. What HELLO promised a client holds for as long as its connection. The
    /// loop's thread.
    func adopt(_ new: ServerConfiguration) {
        configuration = new
        slowRequest = new.slowRequestNanoseconds
        for case let connection? in connections.slots { connection.reconsider() }
        // Time-outs may be shorter now.
        wake(at: now)
    }

    /// Makes the loop look after deadlines at `time` at the latest.
    func wake(at time: UInt64) {
        if time < alarm { alarm = time }
    }

    /// One alarm serves all deadlines: it is set to the earliest, and may go off for one that is gone by then.
    private func lookAfterDeadlines() {
        alarm = .max
        unsafe requests.forEachExpired(at: now) { request in unsafe RequestTable.expire(request) }
        if let next = requests.earliestDeadline { wake(at: next) }
        for case let connection? in connections.slots { connection.lookAfterDeadline(at: now) }
    }

    /// Stops at once. The loop's thread.
    func stop() { phase = .stopped }
}

/// How a plugin names a loop: `articled_loop *` is the loop's address.
extension EventLoop {
    /// Valid as long as the loop, which outlives every plugin.
    var handle: OpaquePointer { unsafe OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// - Parameter handle: from `handle` of a loop that exists.
    @inline(__always)
    static func from(_ handle: OpaquePointer) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    }
}

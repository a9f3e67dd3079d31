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

    private let poller: Poller
    private let timer: TimerDescriptor
    private(set) var acceptors: [Acceptor]
    private var connections: [Connection?] = []
    private var vacant: [Int] = []
    private var openCount = 0
    /// Tells a connection from earlier ones in the same slot.
    private var generation: UInt64 = 0
    private var unwritten: [Connection] = []
    private var ownJobs: [Inbox.Job] = []
    private var jobs: [Inbox.Job] = []
    private var alarm = UInt64.max
    private var lastRequest: UInt64
    private var phase = Phase.serving
    /// Connections that have answers leave the writing to the loop.
    private(set) var isGathering = false
    /// When answers have waited for so many nanoseconds, they are written before another connection is served.
    var gatheringTime: UInt64 = 200_000
    /// When the loop's own jobs have run for so many nanoseconds, those that they have scheduled wait for the next turn.
    private static let jobTime: UInt64 = 2_000_000
    private let thread = Atomic<UInt>(0)

    /// What the next process goes on with; to be read when the loop has ended.
    private(set) var leftovers: [HandoverLeftover] = []

    private enum Phase {
        case serving
        case draining(until: UInt64)
        case resting(RollCall)
        case handingOver(until: UInt64, streamsUntil: UInt64)
        case stopped
    }

    private enum Token {
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

    // MARK: Turns

    /// Serves until `stop`, or until a drain is over. Called once, by the loop's thread.
    func run() {
        becomeCurrent()
        while true {
            if case .stopped = phase { break }
            turn()
        }
        for case let connection? in connections { connection.close(.unavailable) }
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
        case .draining(let end) where openCount == 0 || now >= end: phase = .stopped
        case .resting(let roll): roll.answer(self.index, isQuiet: !connections.contains { $0?.keepsWaiting ?? false })
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
            default: connection(token)?.serve(readiness)
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

    // MARK: Connections

    private func accept(from index: Int) {
        guard case .serving = phase else { return turnAway(from: index) }
        // A few at a time: the others that wait are as ready in the next turn, and other loops may take them.
        for _ in 0..<8 {
            guard case .serving = phase, let accepted = acceptors[index].accept() else { return }
            let listener = acceptors[index].listener
            let peer = Peer(of: accepted, on: listener, policy: configuration.access)
            guard let account = admit(accepted, peer, on: index) else { continue }
            if peer.roles == 0 { context.journal.stranger(peer, on: listener) }
            guard let connection = take(accepted, peer, account) else { continue }
            counters.accepted.add(1, at: index)
            connection.start()
        }
    }

    /// Tells peers that connect to a socket of our own that the service ends: nobody will accept them after us.
    private func turnAway(from index: Int) {
        for _ in 0..<8 {
            guard let accepted = acceptors[index].accept() else { return }
            Acceptor.refuse(accepted, Self.farewell)
        }
    }

    private static let farewell = WholeFrame.goAway(.unavailable, "the service is stopping; connect again")

    /// Takes a place for a connection. nil: there is none, and the peer was told so, behind `before`.
    func admit(_ descriptor: Int32, _ peer: Peer, on index: Int, before: [UInt8] = []) -> PeerAccount? {
        do throws(Admission.Refusal) {
            return try context.admission.enter(peer.identity, isAdministrator: peer.isAdministrator)
        } catch {
            counters.refused.add(1, at: index)
            context.journal.refused(error, peer, on: acceptors[index].listener)
            Acceptor.refuse(descriptor, before + WholeFrame.goAway(.resourceExhausted, error.message))
            return nil
        }
    }

    /// Makes a socket, for which there is a place, one of the loop's connections. nil: it was given up.
    func take(
        _ descriptor: Int32, _ peer: Peer, _ account: PeerAccount, _ outgoing: OutgoingBuffer? = nil
    ) -> Connection? {
        let slot = vacant.popLast() ?? connections.count
        if slot == connections.count { connections.append(nil) }
        generation = (generation + 1) & 0x3fff_ffff
        let token = generation << 32 | UInt64(slot)
        let connection = Connection(
            descriptor: descriptor, token: token, peer: peer, account: account, loop: self,
            outgoing: outgoing ?? OutgoingBuffer(pool: buffers))
        do {
            try poller.add(descriptor, .readable, token: token)
        } catch {
            Log.warning("a connection was given up: \(error)")
            vacant.append(slot)
            context.admission.leave(account)
            return nil  // with it goes the descriptor
        }
        connections[slot] = connection
        openCount += 1
        return connection
    }

    /// The connection that an event is for; nil for one that was closed in this very turn.
    @inline(__always)
    private func connection(_ token: UInt64) -> Connection? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count, let connection = connections[slot], connection.token == token else {
            return nil
        }
        return connection
    }

    /// Reads for a connection that will be served in a moment.
    private func readAhead(_ event: (token: UInt64, readiness: Poller.Readiness), _ slot: Int) {
        guard event.token < Token.acceptors, event.readiness == .readable else { return }
        unsafe connection(event.token)?.readAhead(into: buffers.ahead(slot))
    }

    func watch(_ connection: Connection, for interest: Poller.Readiness) {
        do {
            try poller.modify(connection.descriptor, interest, token: connection.token)
        } catch {
            // Only for want of kernel memory: without its events the connection would hang for ever.
            Log.error("a connection was given up: \(error)")
            connection.close(.unavailable)
        }
    }

    /// The connection is closed: forgets it.
    func remove(_ connection: Connection) {
        let slot = Int(connection.token & 0xffff_ffff)
        guard slot < connections.count, connections[slot] === connection else { return }
        poller.remove(connection.descriptor)
        connections[slot] = nil
        vacant.append(slot)
        openCount -= 1
        context.admission.leave(connection.account)
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
        for case let connection? in connections { connection.reconsider() }
        // Time-outs may be shorter now.
        wake(at: now)
    }

    // MARK: Time

    /// Makes the loop look after deadlines at `time` at the latest.
    func wake(at time: UInt64) {
        if time < alarm { alarm = time }
    }

    /// One alarm serves all deadlines: it is set to the earliest, and may go off for one that is gone by then.
    private func lookAfterDeadlines() {
        alarm = .max
        unsafe requests.forEachExpired(at: now) { request in unsafe RequestTable.expire(request) }
        if let next = requests.earliestDeadline { wake(at: next) }
        for case let connection? in connections { connection.lookAfterDeadline(at: now) }
    }

    // MARK: Ending

    /// Accepts no more, tells the clients to go, and stops when they are gone, or at `deadline`. The loop's thread.
    func drain(until deadline: UInt64) {
        guard case .serving = phase else { return }
        phase = .draining(until: deadline)
        acceptNoMore()
        turnAwayFromNowOn()
        for case let connection? in connections { connection.drain() }
    }

    /// Whether no request of the loop began before that time and is the plugin's affair alone. The loop's thread.
    func hasNothingSlow(since time: UInt64) -> Bool { !connections.contains { $0?.isSlow(since: time) ?? false } }

    /// Accepts and reads no more, until `endRest` or `handOver`, and tells turn by turn whether all is answered. The loop's
    /// thread.
    func rest(_ roll: RollCall) {
        guard case .serving = phase else { return }
        phase = .resting(roll)
        acceptNoMore()
        for case let connection? in connections { connection.rest() }
    }

    /// Serves on. The loop's thread.
    func endRest() {
        guard case .resting = phase else { return }
        phase = .serving
        do {
            try acceptAgain()
        } catch {
            // Only for want of kernel memory. Whoever connects waits for the next process, which is on its way.
            Log.error("no connections are accepted any more: \(error)")
        }
        for case let connection? in connections { connection.endRest() }
    }

    /// Accepts and reads no more, and stops when all is answered, or at `deadline`; then `leftovers` has the connections
    /// that another process can go on with. The loop's thread.
    ///
    /// - Parameter streamsDeadline: until then those are waited for, too, that are told to go away.
    func handOver(until deadline: UInt64, streamsUntil streamsDeadline: UInt64) {
        switch phase {
        case .serving: acceptNoMore()
        case .resting: break
        case .draining, .handingOver, .stopped: return
        }
        turnAwayFromNowOn()
        phase = .handingOver(until: deadline, streamsUntil: min(deadline, streamsDeadline))
        for case let connection? in connections { connection.pause() }
    }

    private func acceptAgain() throws(SystemError) {
        for index in acceptors.indices { try listen(at: index) }
    }

    private func listen(at index: Int) throws(SystemError) {
        try poller.add(
            acceptors[index].listener.descriptor, [.readable, .exclusive], token: Token.acceptors + UInt64(index))
    }

    /// Who connects to a socket that is not the service manager's would wait for nobody.
    private func turnAwayFromNowOn() {
        for index in acceptors.indices where !acceptors[index].listener.isInherited {
            // Without kernel memory for it they are refused when the process ends.
            try? listen(at: index)
        }
    }

    private func acceptNoMore() {
        for acceptor in acceptors { poller.remove(acceptor.listener.descriptor) }
    }

    /// Whether nothing more is to be waited for.
    private func isAtRest(until deadline: UInt64, _ streamsDeadline: UInt64) -> Bool {
        for case let connection? in connections { connection.endVainPause(isLate: now >= deadline) }
        if now >= deadline { return true }
        let waitsForAll = now < streamsDeadline
        for case let connection? in connections where connection.isPaused || waitsForAll {
            guard connection.isAtRest else { return false }
        }
        return true
    }

    private func finishHandover() {
        for case let connection? in connections where connection.isAtRest {
            leftovers.append(HandoverLeftover(socket: connection.descriptor, record: connection.release()))
        }
        phase = .stopped
    }

    /// Stops at once. The loop's thread.
    func stop() { phase = .stopped }
}

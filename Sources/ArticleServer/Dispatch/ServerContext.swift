internal import ArticleProtocol
internal import CLinux
internal import Synchronization

/// What all loops share: the configuration at the start, the methods, and the totals that limits are for.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let counters: ServiceCounters
    let version = Version.text
    let startedAt = clinux_wall_clock_ms()
    /// How often a loop must begin a turn, in nanoseconds; 0 if nobody watches.
    let beatInterval: UInt64
    let journal = RequestJournal()

    private let loops: Int
    private let mostConnections: Atomic<Int>
    private let mostBuffered: Atomic<Int>
    private let mostInFlightPerLoop: Atomic<Int>
    private let connections = Atomic<Int>(0)
    private let buffered = Atomic<Int>(0)

    init(configuration: ServerConfiguration, router: Router, loops: Int, listeners: Int = 0, beatInterval: UInt64) {
        self.configuration = configuration
        self.router = router
        self.beatInterval = beatInterval
        counters = ServiceCounters(loops: loops, methods: router.count, listeners: listeners)
        self.loops = loops
        let limits = configuration.limits
        mostConnections = Atomic(limits.maxConnections)
        mostBuffered = Atomic(limits.maxBufferedTotal)
        mostInFlightPerLoop = Atomic(Self.perLoop(limits, loops))
    }

    /// New limits for all connections together. Any thread.
    func adopt(_ limits: ServiceLimits) {
        mostConnections.store(limits.maxConnections, ordering: .relaxed)
        mostBuffered.store(limits.maxBufferedTotal, ordering: .relaxed)
        mostInFlightPerLoop.store(Self.perLoop(limits, loops), ordering: .relaxed)
    }

    private static func perLoop(_ limits: ServiceLimits, _ loops: Int) -> Int {
        max(1, limits.maxInFlightTotal / loops)
    }

    /// Requests in flight that one loop may hold.
    var inFlightPerLoop: Int { mostInFlightPerLoop.load(ordering: .relaxed) }
    /// Connections that may be open.
    var connectionLimit: Int { mostConnections.load(ordering: .relaxed) }

    var openConnections: Int { connections.load(ordering: .relaxed) }
    var bufferedBytes: Int { buffered.load(ordering: .relaxed) }

    /// Takes a place for one more connection, if there is one.
    func admit() -> Bool {
        let (_, now) = connections.add(1, ordering: .relaxed)
        if now <= connectionLimit { return true }
        release()
        return false
    }

    /// Gives the place back.
    func release() { connections.subtract(1, ordering: .relaxed) }

    /// Bytes buffered for a connection have become more, or fewer.
    func account(_ change: Int) { buffered.add(change, ordering: .relaxed) }

    /// More is buffered than all connections together may: those that do not read are read from no more.
    var isOverBudget: Bool { bufferedBytes > mostBuffered.load(ordering: .relaxed) }

    /// What a peer is told that cannot be admitted: a whole frame.
    var refusal: [UInt8] {
        WholeFrame.goAway(
            .resourceExhausted, "the service is at its limit of \(connectionLimit) connections; try again later")
    }
}

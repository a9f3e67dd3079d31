internal import ArticleProtocol
internal import CLinux
internal import Synchronization

/// What all loops share: the configuration, the methods, and the totals that limits are for.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let counters: ServiceCounters
    let version = Version.text
    let startedAt = clinux_wall_clock_ms()
    /// How often a loop must begin a turn, in nanoseconds; 0 if nobody watches.
    let beatInterval: UInt64
    /// Requests in flight that one loop may hold.
    let inFlightPerLoop: Int
    /// What a peer is told that cannot be admitted: a whole frame.
    let refusal: [UInt8]

    private let connections = Atomic<Int>(0)
    private let buffered = Atomic<Int>(0)

    init(configuration: ServerConfiguration, router: Router, loops: Int, listeners: Int = 0, beatInterval: UInt64) {
        self.configuration = configuration
        self.router = router
        self.beatInterval = beatInterval
        counters = ServiceCounters(loops: loops, methods: router.count, listeners: listeners)
        inFlightPerLoop = max(1, configuration.limits.maxInFlightTotal / loops)
        refusal = Self.refusal(limit: configuration.limits.maxConnections)
    }

    var openConnections: Int { connections.load(ordering: .relaxed) }
    var bufferedBytes: Int { buffered.load(ordering: .relaxed) }

    /// Takes a place for one more connection, if there is one.
    func admit() -> Bool {
        let (_, now) = connections.add(1, ordering: .relaxed)
        if now <= configuration.limits.maxConnections { return true }
        release()
        return false
    }

    /// Gives the place back.
    func release() { connections.subtract(1, ordering: .relaxed) }

    /// Bytes buffered for a connection have become more, or fewer.
    func account(_ change: Int) { buffered.add(change, ordering: .relaxed) }

    /// More is buffered than all connections together may: those that do not read are read from no more.
    var isOverBudget: Bool { bufferedBytes > configuration.limits.maxBufferedTotal }

    private static func refusal(limit: Int) -> [UInt8] {
        WholeFrame.goAway(
            .resourceExhausted, "the service is at its limit of \(limit) connections; try again later")
    }
}

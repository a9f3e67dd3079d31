internal import CLinux

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
    /// Of the watcher; nil in tests.
    let bell: Bell?

    let admission: Admission

    init(
        configuration: ServerConfiguration, router: Router, loops: Int, listeners: Int = 0, beatInterval: UInt64,
        bell: Bell? = nil
    ) {
        self.bell = bell
        self.configuration = configuration
        self.router = router
        self.beatInterval = beatInterval
        counters = ServiceCounters(loops: loops, methods: router.count, listeners: listeners)
        admission = Admission(configuration.limits)
    }

    /// New limits for all connections together. Any thread.
    func adopt(_ limits: ServiceLimits) { admission.totals.adopt(limits) }

    var openConnections: Int { admission.totals.connections.inUse }
    var bufferedBytes: Int { admission.totals.buffered.inUse }
    /// More is buffered than all connections together may.
    var isOverBudget: Bool { bufferedBytes > admission.totals.buffered.total }
}

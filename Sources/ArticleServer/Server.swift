internal import ArticleProtocol
internal import CLinux
internal import CPluginABI
public import LinuxRuntime
internal import Synchronization

/// The running service: its event loops, and what they share.
///
/// `start` returns when the loops serve; `drain` asks them to finish, `join` waits until they have.
public final class Server: Sendable {
    let context: ServerContext
    private let service: ServiceMethods
    private let listeners: [Listener]
    private let watcher: Watcher
    private let state: Mutex<State>
    /// What `handOver` waits for.
    let quietMoment = Mutex<QuietMoment?>(nil)

    private struct State {
        var configuration: ServerConfiguration
        /// By their indices; spare ones come behind the others.
        var loops: [EventLoop] = []
        var threads: [Thread] = []
        var watching: Thread?
        /// No spare loop is made any more.
        var isEnding = false
    }

    /// Loops that may be made in place of those that are stuck.
    private static let mostSpares = 4

    /// - Parameters:
    ///   - configuration: checked already.
    ///   - listeners: listening sockets, which stay the caller's.
    ///   - plugins: loaded and started.
    ///   - beatInterval: how often each loop shows that it is alive, in nanoseconds; 0 if nobody watches.
    public init(
        configuration: ServerConfiguration, listeners: [Listener], plugins: PluginHost, beatInterval: UInt64 = 0
    ) throws(SystemError) {
        service = ServiceMethods(plugins: plugins, listeners: listeners)
        self.listeners = listeners
        let count = configuration.eventLoops ?? max(1, Int(clinux_processors()) / 2)
        let bell = try Bell()
        watcher = Watcher(bell)
        context = ServerContext(
            configuration: configuration, router: Router(Self.routes(service, plugins)),
            loops: count + Self.mostSpares, listeners: listeners.count, beatInterval: beatInterval, bell: bell)
        service.attach(context)
        var first = State(configuration: configuration)
        for index in 0..<count {
            first.loops.append(try EventLoop(index: index, context: context, listeners: listeners))
        }
        state = Mutex(first)
    }

    /// Those of now: one that is stuck gets a spare one beside it.
    var loops: [EventLoop] { state.withLock { $0.loops } }

    /// Starts the loops' threads.
    public func start() throws(SystemError) {
        let count = loops.count
        for loop in loops {
            let thread = try Self.thread(of: loop)
            state.withLock { $0.threads.append(thread) }
        }
        let watching = try Thread("watcher") { [self] in
            watcher.run({ loops }, replace: { free in if free < count { addSpare() } })
        }
        state.withLock { $0.watching = watching }
    }

    private static func thread(of loop: EventLoop) throws(SystemError) -> Thread {
        try Thread("loop-\(loop.index)") { loop.run() }
    }

    /// Has one more loop accept connections: the others are stuck, or too many of them.
    private func addSpare() {
        let result = state.withLock { state -> Result<EventLoop?, SystemError> in
            guard !state.isEnding, state.loops.count < context.counters.loops.count else { return .success(nil) }
            do throws(SystemError) {
                let loop = try EventLoop(index: state.loops.count, context: context, listeners: listeners)
                let configuration = state.configuration
                loop.inbox.add { loop.adopt(configuration) }
                state.threads.append(try Self.thread(of: loop))
                state.loops.append(loop)
                return .success(loop)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let loop?):
            Log.notice("event loop \(loop.index) was added for new connections", ["EVENT_LOOP": "\(loop.index)"])
        case .success(nil): break
        case .failure(let error): Log.error("no event loop can be added in place of one that is stuck: \(error)")
        }
    }

    /// From now on the loops end.
    func endSpares() { state.withLock { $0.isEnding = true } }

    /// Accepts no more connections, tells the clients to go, and ends each when its requests are answered.
    ///
    /// - Parameter nanoseconds: how long that may take; what is in flight then is cut off.
    public func drain(within nanoseconds: UInt64) {
        endSpares()
        let deadline = MonotonicClock.now &+ nanoseconds
        for loop in loops { loop.inbox.add { loop.drain(until: deadline) } }
    }

    /// Ends all connections at once.
    public func stop() {
        endSpares()
        quietMoment.withLock { $0?.giveUp() }
        for loop in loops { loop.inbox.add { loop.stop() } }
    }

    /// Waits until all loops have ended: after `drain` or `stop`.
    public func join() {
        let (threads, watching) = state.withLock { state in
            defer {
                state.threads = []
                state.watching = nil
            }
            return (state.threads, state.watching)
        }
        for thread in threads { thread.join() }
        watcher.stop()
        watching?.join()
    }

    /// What keeps loops that have not turned for a second: which plugin, and which method of its.
    public var occupations: [Occupation] {
        let time = MonotonicClock.now &- 1_000_000_000
        return loops.compactMap { $0.occupation(since: time) }
    }

    /// What the service measures of itself, in OpenMetrics. Any thread.
    public func metrics() -> String { service.metrics() }

    /// Goes by another configuration from now on, in all that does not need a new start: limits, access, slow requests. What
    /// a connection's HELLO promised holds for as long as the connection.
    public func adopt(_ configuration: ServerConfiguration) {
        context.adopt(configuration.limits)
        let loops = state.withLock { state in
            state.configuration = configuration
            return state.loops
        }
        for loop in loops { loop.inbox.add { loop.adopt(configuration) } }
    }

    /// Open connections.
    public var connectionCount: Int { context.openConnections }

    /// Requests that are not ended yet by their plugin.
    public var requestsInFlight: UInt64 {
        context.counters.inFlight
    }

    /// Requests ended since the start, whatever their status.
    public var requestsEnded: UInt64 { context.counters.sum { $0.closed.value } }

    /// When the loop that has been silent for longest began its last turn: CLOCK_MONOTONIC, nanoseconds.
    public var oldestBeat: UInt64 { loops.map { $0.lastBeat.load(ordering: .relaxed) }.min() ?? 0 }

    private static func routes(_ service: ServiceMethods, _ plugins: PluginHost) -> [Route] {
        let all = service.routes() + plugins.plugins.flatMap { plugin in plugin.routes() }
        return all.enumerated().map { index, route in route.numbered(UInt32(index + 1)) }
    }
}

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

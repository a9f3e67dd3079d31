// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import CPluginABI
public import LinuxRuntime
internal import Synchronization

/// The running service: its event loops and what they share.
///
/// `start` returns when the loops serve. `drain` asks them to finish, and `join` waits until they have.
public final class Server: Sendable, LoopDirectory {
    let context: ServerContext
    private let service: ServiceMethods
    private let listeners: [Listener]
    private let watcher: Watcher
    private let state: Mutex<State>
    /// The moment that `handOver` waits for.
    let quietMoment = Mutex<QuietMoment?>(nil)

    private struct State {
        var configuration: ServerConfiguration
        /// By index. Spare loops come last.
        var loops: [EventLoop] = []
        var threads: [Thread] = []
        var watching: Thread?
        /// No more spare loops are started.
        var isEnding = false
    }

    /// The most loops that are started in place of blocked ones.
    private static let maxSpares = 4

    /// - Parameters:
    ///   - configuration: already checked.
    ///   - listeners: listening sockets. The caller owns them.
    ///   - plugins: loaded and started.
    ///   - stateDirectory: whose disk the metrics are about; nil for none.
    ///   - beatInterval: how often each loop shows that it is alive, in nanoseconds; 0 if there is no watchdog.
    public init(
        configuration: ServerConfiguration, listeners: [Listener], plugins: PluginHost, stateDirectory: String? = nil,
        beatInterval: UInt64 = 0
    ) throws(SystemError) {
        service = ServiceMethods(plugins: plugins, listeners: listeners, stateDirectory: stateDirectory)
        self.listeners = listeners
        let count = configuration.eventLoops ?? max(1, Int(clinux_processors()) / 2)
        let turnEvent = try TurnEvent()
        watcher = Watcher(turnEvent)
        context = ServerContext(
            configuration: configuration, router: Router(Self.routes(service, plugins)),
            loops: count + Self.maxSpares, listeners: listeners.count, beatInterval: beatInterval, turnEvent: turnEvent)
        service.attach(context)
        var first = State(configuration: configuration)
        for index in 0..<count {
            first.loops.append(try EventLoop(index: index, context: context, listeners: listeners))
        }
        state = Mutex(first)
    }

    /// The current loops. A blocked one gets a spare loop beside it.
    var loops: [EventLoop] { state.withLock { $0.loops } }

    /// Starts the loops' threads, and the background work of plugins.
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
        service.plugins.attach(self)
    }

    private static func thread(of loop: EventLoop) throws(SystemError) -> Thread {
        try Thread("loop-\(loop.index)") { loop.run() }
    }

    /// Starts one more loop to accept connections, because others are blocked.
    private func addSpare() {
        let result = state.withLock { state -> Result<EventLoop?, SystemError> in
            guard !state.isEnding, state.loops.count < context.counters.loops.count else { return .success(nil) }
            do throws(SystemError) {
                let loop = try EventLoop(index: state.loops.count, context: context, listeners: listeners)
                let configuration = state.configuration
                loop.inbox.add { loop.apply(configuration) }
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
        case .failure(let error): Log.error("no event loop can be added in place of a blocked one: \(error)")
        }
    }

    /// Starts no more spare loops: the loops are about to end.
    func endSpares() { state.withLock { $0.isEnding = true } }

    /// Stops accepting, sends GO_AWAY to all clients, and closes each connection when its requests are answered.
    ///
    /// - Parameter nanoseconds: the limit. Requests that are still in flight then are cut off.
    public func drain(within nanoseconds: UInt64) {
        endSpares()
        let deadline = MonotonicClock.now &+ nanoseconds
        for loop in loops { loop.inbox.add { loop.drain(until: deadline) } }
    }

    /// Closes all connections at once.
    public func stop() {
        endSpares()
        quietMoment.withLock { $0?.cancel() }
        for loop in loops { loop.inbox.add { loop.stop() } }
    }

    /// Waits until all loops have ended. Call it after `drain` or `stop`.
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

    /// What has blocked loops for a second: the plugin and its method.
    public var loopBlockers: [LoopBlocker] {
        let time = MonotonicClock.now &- 1_000_000_000
        return loops.compactMap { $0.blocker(since: time) }
    }

    /// The service's metrics in OpenMetrics format. Any thread.
    public func metrics() -> String { service.metrics() }

    /// Applies what may change without a restart: limits, access, slow requests. What a connection's HELLO promised
    /// stays valid for the connection.
    public func apply(_ configuration: ServerConfiguration) {
        context.apply(configuration.limits)
        let loops = state.withLock { state in
            state.configuration = configuration
            return state.loops
        }
        for loop in loops { loop.inbox.add { loop.apply(configuration) } }
    }

    /// The number of open connections.
    public var connectionCount: Int { context.openConnections }

    /// Requests that their plugin has not ended.
    public var requestsInFlight: UInt64 {
        context.counters.inFlight
    }

    /// Requests of clients ended since the start, whatever their status.
    public var requestsEnded: UInt64 { context.counters.sum { $0.closed.value &- $0.callsEnded.value } }

    /// The oldest start of a loop's last turn: CLOCK_MONOTONIC, nanoseconds.
    public var oldestBeat: UInt64 { loops.map { $0.lastBeat.load(ordering: .relaxed) }.min() ?? 0 }

    private static func routes(_ service: ServiceMethods, _ plugins: PluginHost) -> [Route] {
        let all = service.routes() + plugins.plugins.flatMap { plugin in plugin.routes() }
        return all.enumerated().map { index, route in route.numbered(UInt32(index + 1)) }
    }
}

/// What all loops share: the configuration at the start, the methods, and the limited totals.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let counters: ServiceCounters
    let version = Version.text
    let startedAt = clinux_wall_clock_ms()
    /// How often a loop must begin a turn, in nanoseconds; 0 if there is no watchdog.
    let beatInterval: UInt64
    let journal = RequestJournal()
    /// Wakes the watcher; nil in tests.
    let turnEvent: TurnEvent?

    let admission: Admission

    init(
        configuration: ServerConfiguration, router: Router, loops: Int, listeners: Int = 0, beatInterval: UInt64,
        turnEvent: TurnEvent? = nil
    ) {
        self.turnEvent = turnEvent
        self.configuration = configuration
        self.router = router
        self.beatInterval = beatInterval
        counters = ServiceCounters(loops: loops, methods: router.count, listeners: listeners)
        admission = Admission(configuration.limits)
    }

    /// Applies new limits for all connections together. Any thread.
    func apply(_ limits: ServiceLimits) { admission.totals.apply(limits) }

    var openConnections: Int { admission.totals.connections.inUse }
    var bufferedBytes: Int { admission.totals.buffered.inUse }
    /// Whether more is buffered than all connections together may.
    var isOverBudget: Bool { bufferedBytes > admission.totals.buffered.total }
}

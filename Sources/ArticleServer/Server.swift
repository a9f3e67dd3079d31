internal import ArticleProtocol
internal import CLinux
internal import CPluginABI
internal import Synchronization

/// The running service: its event loops, and what they share.
///
/// `start` returns when the loops serve; `drain` asks them to finish, `join` waits until they have.
public final class Server: Sendable {
    let context: ServerContext
    let loops: [EventLoop]
    private let service: ServiceMethods
    private let threads = Mutex<[LoopThread]>([])
    /// What `handOver` waits for.
    let quietMoment = Mutex<QuietMoment?>(nil)

    /// - Parameters:
    ///   - configuration: checked already.
    ///   - listeners: listening sockets, which stay the caller's.
    ///   - plugins: loaded and started.
    ///   - beatInterval: how often each loop shows that it is alive, in nanoseconds; 0 if nobody watches.
    public init(
        configuration: ServerConfiguration, listeners: [Listener], plugins: PluginHost, beatInterval: UInt64 = 0
    ) throws(SystemError) {
        service = ServiceMethods(plugins: plugins, listeners: listeners)
        let count = configuration.eventLoops ?? max(1, Int(clinux_processors()) / 2)
        context = ServerContext(
            configuration: configuration, router: Router(Self.routes(service, plugins)), loops: count,
            listeners: listeners.count, beatInterval: beatInterval)
        service.attach(context)
        var loops: [EventLoop] = []
        for index in 0..<count {
            loops.append(try EventLoop(index: index, context: context, listeners: listeners))
        }
        self.loops = loops
    }

    /// Starts the loops' threads.
    public func start() throws(SystemError) {
        for loop in loops {
            let thread = try LoopThread(name: "loop-\(loop.index)") { loop.run() }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Accepts no more connections, tells the clients to go, and ends each when its requests are answered.
    ///
    /// - Parameter nanoseconds: how long that may take; what is in flight then is cut off.
    public func drain(within nanoseconds: UInt64) {
        let deadline = clinux_now() &+ nanoseconds
        for loop in loops { loop.inbox.add { loop.drain(until: deadline) } }
    }

    /// Ends all connections at once.
    public func stop() {
        quietMoment.withLock { $0?.giveUp() }
        for loop in loops { loop.inbox.add { loop.stop() } }
    }

    /// Waits until all loops have ended: after `drain` or `stop`.
    public func join() {
        for thread in threads.withLock({ threads in
            defer { threads = [] }
            return threads
        }) { thread.join() }
    }

    /// What the service measures of itself, in OpenMetrics. Any thread.
    public func metrics() -> String { service.metrics() }

    /// Goes by another configuration from now on, in all that does not need a new start: limits, access, slow requests. What
    /// a connection's HELLO promised holds for as long as the connection.
    public func adopt(_ configuration: ServerConfiguration) {
        context.adopt(configuration.limits)
        for loop in loops { loop.inbox.add { loop.adopt(configuration) } }
    }

    /// Open connections.
    public var connectionCount: Int { context.openConnections }

    /// Requests that are not ended yet by their plugin.
    public var requestsInFlight: UInt64 {
        context.counters.sum { $0.opened.value } &- context.counters.sum { $0.closed.value }
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

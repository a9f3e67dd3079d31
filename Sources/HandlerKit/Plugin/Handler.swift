internal import ArticleProtocol

/// What a handler plugin is: a type that answers the requests for its methods.
///
/// A plugin library exports one such type with one line:
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Greeter.self) }
/// ```
///
/// articled makes one instance at its start and uses it for all requests, from all of its event loops: hence `Sendable`.
///
/// A request is offered to `answer` first, which runs on the request's event loop and must not wait. What `answer` gives
/// back goes on to `handle`, as a task on the same loop.
public protocol Handler: Sendable {
    /// Name, version and methods. Asked for once.
    static var descriptor: PluginDescriptor { get }

    /// Prepares the plugin. An error here keeps articled from starting; its text goes to the journal.
    ///
    /// Runs on a thread that may block, within the host's time limit for a start.
    init(context: PluginContext) throws

    /// Would `init` and `reload` take this section of the configuration? Throws all that is wrong with it, as
    /// ``PluginConfiguration/decode(_:check:)`` does, and changes nothing. `articled --check-configuration` asks, and
    /// articled itself before it starts or reloads anything. By default nothing is wrong.
    static func check(_ configuration: PluginConfiguration) throws

    /// Answers a request at once, on its event loop, where nothing may block.
    ///
    /// - Parameters:
    ///   - request: lent for the time of the call; its bytes lie in the connection's buffer.
    ///   - responder: to be consumed by answering, or given back.
    /// - Returns: the responder if the request has to wait for something: `handle` is called then. `nil` if it is
    ///   answered, or if the responder was turned into a ``PendingResponse``. The default gives it back.
    func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder?

    /// A request stands behind a few others and will probably be offered to `answer` soon, on this thread: the occasion
    /// for `ArticleStorage.prefetch(id:)`. By default nothing.
    ///
    /// - Parameter message: the request's, not checked yet: it may be damaged.
    func prefetch(method: Int, message: RawSpan)

    /// Answers a request in a task of its own, on its event loop between suspensions.
    ///
    /// The task is cancelled when the client cancels, the deadline passes or the connection goes away. An error thrown
    /// here ends the request: a `ServiceError` with its own code, any other with `internal`. Returning without having
    /// answered ends it with `internal` too, unless the responder lives on elsewhere.
    func handle(_ call: Call, _ responder: consuming Responder) async throws

    /// Takes a new configuration while running. An error keeps the old one in force. By default the configuration is
    /// fixed at the start. Not called on an event loop.
    func reload(_ configuration: PluginConfiguration) throws

    /// No new request will come; those in flight go on.
    func drain()

    /// No request is in flight any more: release what the end of the process would not.
    func stop()

    /// How the plugin is. Asked from any thread, answered at once.
    var health: Health { get }
}

extension Handler {
    /// Left to `init`.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// Gives the request on to `handle`.
    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? { responder }

    /// Nothing to prepare.
    public func prefetch(method: Int, message: RawSpan) {}

    /// For handlers that answer everything at once.
    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        throw ServiceError(.internal, "\(Self.descriptor.name) neither answered nor handled a request")
    }

    /// The configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws {}

    /// Nothing to do.
    public func drain() {}

    /// Nothing to do.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}

/// How a plugin is.
public struct Health: Sendable, Equatable {
    /// From well to useless.
    public enum State: UInt32, Sendable, Comparable {
        /// All is well.
        case healthy = 0
        /// It works, but a person should look.
        case degraded = 1
        /// It cannot do its work.
        case unhealthy = 2

        /// Well comes before useless.
        public static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }
    }

    /// How it is.
    public var state: State
    /// Why, for people; empty if all is well.
    public var message: String

    /// Tells how a plugin is.
    public init(_ state: State, _ message: String = "") {
        self.state = state
        self.message = message
    }

    /// All is well.
    public static let healthy = Health(.healthy)
}

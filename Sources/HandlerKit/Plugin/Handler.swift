// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Answers the requests for a plugin's methods.
///
/// A plugin library exports one handler:
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Greeter.self) }
/// ```
///
/// articled creates one instance when it starts, and uses it for all requests, from all of its event loops. That is
/// why a handler is `Sendable`.
///
/// Each request is offered to ``answer(_:_:)`` first, which runs on the request's event loop and must not block. If
/// it returns the responder, the request goes on to ``handle(_:_:)``, in a task on the same loop.
public protocol Handler: Sendable {
    /// The plugin's section of the configuration, as a type.
    ///
    /// A nested `struct Settings: Decodable` is all that is needed. articled checks the section against it before each
    /// start and reload, and for `articled --check-configuration`. Unknown members, missing ones and those of another
    /// type are errors, with their place in the configuration file. A plugin without such a type accepts any section.
    associatedtype Settings: Decodable & SendableMetatype = AnySettings

    /// Name, version and methods. Read once, before the plugin is started.
    static var descriptor: PluginDescriptor { get }

    /// Prepares the plugin.
    ///
    /// Runs once, on a thread that may block, within the host's time limit for a start.
    ///
    /// - Parameter context: configuration, log and storage.
    /// - Throws: an error to keep articled from starting. Its text is logged.
    init(context: PluginContext) throws

    /// Checks what the type ``Settings`` does not tell of a section of the configuration, such as ranges. Changes nothing.
    ///
    /// Called for `articled --check-configuration`, and before each start and reload; on any thread but an event
    /// loop. The default accepts everything.
    ///
    /// - Throws: everything that is wrong, as ``PluginConfiguration/decode(_:check:)`` does, if `init` and `reload`
    ///   would reject the section.
    static func check(_ configuration: PluginConfiguration) throws

    /// Answers a request immediately, if that is possible without waiting.
    ///
    /// Runs on the request's event loop, where nothing may block.
    ///
    /// - Parameters:
    ///   - request: lent for the duration of the call; its bytes are in the connection's buffer.
    ///   - responder: consumed by answering, or returned.
    /// - Returns: the responder, if the request has to wait for something; then `handle` is called. `nil` if the
    ///   request was answered, or the responder was turned into a ``PendingResponse``. The default returns the
    ///   responder.
    func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder?

    /// Announces a request that will probably be offered to `answer` soon, on this thread.
    ///
    /// The request is queued behind a few others. This is the time to call ``ArticleStorage/prefetch(id:)``. Runs on
    /// an event loop. The default does nothing.
    ///
    /// - Parameters:
    ///   - method: the index of the method in the descriptor.
    ///   - message: the request message, which is not checked yet and may be damaged.
    func prefetch(method: Int, message: RawSpan)

    /// Answers a request in a task of its own.
    ///
    /// Runs on the request's event loop between suspensions. The task is cancelled when the client cancels, the
    /// deadline passes, or the connection is lost.
    ///
    /// - Parameters:
    ///   - call: the request.
    ///   - responder: must be used to answer exactly once.
    /// - Throws: an error to end the request: a `ServiceError` with its own code, any other error with `internal`.
    ///   Returning without an answer ends it with `internal` too, unless the responder is kept elsewhere.
    func handle(_ call: Call, _ responder: consuming Responder) async throws

    /// Applies a new configuration while the service runs.
    ///
    /// Runs on any thread but an event loop.
    ///
    /// - Throws: an error to keep the old configuration. Its text is logged. The default throws `unimplemented`, for a
    ///   plugin whose settings are fixed at the start: articled says that the changed section needs a restart.
    func reload(_ configuration: PluginConfiguration) throws

    /// Called when no new requests will come; requests in flight continue. On any thread but an event loop.
    func drain()

    /// Called when no request is in flight any more. Release what must not be left to the exit of the process. On any
    /// thread but an event loop. Background work is cancelled when it returns.
    func stop()

    /// The plugin's health. May be read on any thread, and must return immediately. Background work that fails makes a
    /// healthy plugin degraded.
    var health: Health { get }

    /// The plugin's figures, for the metrics and the statistics of the service; at most 256. May be read on any thread,
    /// and must return immediately.
    var metrics: [Metric] { get }
}

extension Handler {
    /// Accepts everything: `init` checks the configuration.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// Returns the responder, so that `handle` is called.
    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? { responder }

    /// Does nothing.
    public func prefetch(method: Int, message: RawSpan) {}

    /// Throws `internal`. For handlers that answer every request immediately.
    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        throw ServiceError(.internal, "\(Self.descriptor.name) neither answered nor handled a request")
    }

    /// Throws `unimplemented`: the configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws { throw ServiceError.fixedAtStart }

    /// Does nothing.
    public func drain() {}

    /// Does nothing.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }

    /// None.
    public var metrics: [Metric] { [] }
}

extension ServiceError {
    /// How a plugin tells that it cannot be reloaded.
    static let fixedAtStart = ServiceError(.unimplemented, "the section takes effect only after a restart")
}

/// The health of a plugin, which `articlectl status` and the metrics show.
public struct Health: Sendable, Equatable {
    /// How well a plugin works, from best to worst.
    public enum State: UInt32, Sendable, Comparable {
        /// Everything works.
        case healthy = 0
        /// It works, but someone should look at it.
        case degraded = 1
        /// It cannot do its work.
        case unhealthy = 2

        /// Orders states from best to worst.
        public static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }
    }

    /// The state.
    public var state: State
    /// The reason, for people; empty if the plugin is healthy.
    public var message: String

    /// Creates a health with a state and, unless it is healthy, a reason.
    public init(_ state: State, _ message: String = "") {
        self.state = state
        self.message = message
    }

    /// Everything works.
    public static let healthy = Health(.healthy)
}

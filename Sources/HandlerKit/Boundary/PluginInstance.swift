// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// A started plugin, which the host passes as the first argument of each call.
///
/// The kinds of plugins are subclasses that know the plugin's type, so a call does not open an existential, which
/// would be copied for each request. Functions that a kind does not have behave like those of a plugin without them.
///
/// Sendable although it holds a pointer: the host's table is never freed, and subclasses add only Sendable
/// properties.
@safe
class PluginInstance: @unchecked Sendable {
    final let host: Host
    private let tasks: BackgroundTasks

    /// - Parameter context: from a host, which passed it to the plugin.
    init(_ context: PluginContext) {
        guard let host = context.host else { preconditionFailure("an instance needs a host") }
        self.host = host
        tasks = context.tasks
    }

    /// The instance for the host's pointer. It is never released.
    @inline(__always)
    static func at(_ plugin: UnsafeMutableRawPointer?) -> PluginInstance? {
        guard let plugin = unsafe plugin else { return nil }
        return unsafe Unmanaged<PluginInstance>.fromOpaque(plugin).takeUnretainedValue()
    }

    // MARK: Of a handler

    /// Handles a request, on its event loop.
    func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe RequestHandle(request, host: host).fail(.unanswered)
    }

    /// A request that will probably come.
    func prefetch(_ method: Int, _ message: articled_bytes) {}

    // MARK: Of a storage engine

    /// The engine; `nil` if the plugin has none.
    var engine: (any StorageEngine)? { nil }

    /// Lends the record with this id.
    func lend(
        _ id: ArticleID, _ body: (UnsafePointer<articled_record>) -> Void
    ) throws(ServiceError) -> Lent { throw EngineTable.missing }

    /// The record may be read soon.
    func prefetch(_ id: ArticleID) {}

    // MARK: Of both

    func drain() {}
    func stop() {}
    var health: Health { .healthy }
    var metrics: [Metric] { [] }
    func reload(_ configuration: PluginConfiguration) throws {}

    /// No new requests come.
    final func drainAll() {
        tasks.drain()
        drain()
    }

    /// Stops the plugin, then cancels its background work. The host waits for that.
    final func stopAll() {
        stop()
        tasks.stop()
    }

    /// The health of the plugin and of its background work.
    final var totalHealth: Health {
        let (own, background) = (health, tasks.health)
        guard background.state != .healthy else { return own }
        guard own.state != .healthy else { return background }
        return Health(max(own.state, background.state), "\(own.message); \(background.message)")
    }
}

/// A started plugin that handles requests.
@safe
final class HandlerInstance<Plugin: Handler>: PluginInstance, @unchecked Sendable {  // as its superclass
    private let handler: Plugin

    init(_ handler: Plugin, _ context: PluginContext) {
        self.handler = handler
        super.init(context)
    }

    override func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe handler.dispatch(method, request, host: host)
    }

    override func prefetch(_ method: Int, _ message: articled_bytes) {
        let bytes = unsafe message.buffer
        unsafe handler.prefetch(method: method, message: RawSpan(_unsafeBytes: bytes))
    }

    override func drain() { handler.drain() }
    override func stop() { handler.stop() }
    override var health: Health { handler.health }
    override var metrics: [Metric] { handler.metrics }
    override func reload(_ configuration: PluginConfiguration) throws { try handler.reload(configuration) }
}

extension Handler {
    /// Handles a request: at once if the handler can, otherwise in a task on the same loop.
    func dispatch(_ method: Int, _ request: UnsafeMutablePointer<articled_request>, host: Host) {
        let handle = unsafe RequestHandle(request, host: host)
        let payload = unsafe request.pointee.payload.buffer
        let view = unsafe Request(method: method, request.pointee, payload: RawSpan(_unsafeBytes: payload))
        guard let responder = answer(view, Responder(handle)) else { return }
        responder.disarm()
        let state = CallState(handle, isStreamed: view.isStreamed)
        handle.watch(state)
        let call = Call(view, payload: unsafe [UInt8](payload), state: state)
        guard let loop = unsafe handle.loop else {
            return handle.fail(ServiceError(.internal, "the request has no event loop"), state)
        }
        let executor = unsafe LoopExecutor.of(loop, host.table)
        let task = Task.immediate(executorPreference: executor) {
            do {
                try await self.handle(call, Responder(handle, state: state))
                state.returned(nil)
            } catch {
                state.returned(error)
            }
        }
        state.started(task)
    }
}

/// A started plugin that provides the storage.
@safe
class EngineInstance<Engine: StorageEngine>: PluginInstance, @unchecked Sendable {  // as its superclass
    fileprivate final let storage: Engine

    init(_ storage: Engine, _ context: PluginContext) {
        self.storage = storage
        super.init(context)
    }

    override var engine: (any StorageEngine)? { storage }

    override func lend(
        _ id: ArticleID, _ body: (UnsafePointer<articled_record>) -> Void
    ) throws(ServiceError) -> Lent {
        try storage.lend(id: id) { unsafe $0.withC { unsafe body($0) } }
    }

    override func prefetch(_ id: ArticleID) { storage.prefetch(id: id) }

    override func drain() { storage.drain() }
    override func stop() { storage.stop() }
    override var health: Health { storage.health }
    override func reload(_ configuration: PluginConfiguration) throws { try storage.reload(configuration) }
}

/// A started plugin that provides the storage and handles requests too.
@safe
final class ServingEngineInstance<Engine: ServingEngine>: EngineInstance<Engine>, @unchecked Sendable {  // likewise
    override func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe storage.dispatch(method, request, host: host)
    }

    override func prefetch(_ method: Int, _ message: articled_bytes) {
        let bytes = unsafe message.buffer
        unsafe storage.prefetch(method: method, message: RawSpan(_unsafeBytes: bytes))
    }

    override var metrics: [Metric] { storage.metrics }
}

internal import ArticleProtocol
internal import CPluginABI

/// A started plugin that answers requests.
@safe
final class HandlerInstance<Plugin: Handler>: PluginInstance, @unchecked Sendable {  // as its superclass
    private let handler: Plugin

    init(_ handler: Plugin, host: UnsafePointer<articled_host>) {
        self.handler = handler
        unsafe super.init(host: host)
    }

    override func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe handler.take(method, request, host: host)
    }

    override func expect(_ method: Int, _ message: articled_bytes) {
        let bytes = unsafe message.buffer
        unsafe handler.expect(method: method, message: RawSpan(_unsafeBytes: bytes))
    }

    override func drain() { handler.drain() }
    override func stop() { handler.stop() }
    override var health: Health { handler.health }
    override func reload(_ configuration: PluginConfiguration) throws { try handler.reload(configuration) }
}

extension Handler {
    /// Takes a request: answers at once if the handler can, else in a task on the same loop.
    func take(_ method: Int, _ request: UnsafeMutablePointer<articled_request>, host: UnsafePointer<articled_host>) {
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
        let executor = unsafe LoopExecutor.of(loop, host)
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

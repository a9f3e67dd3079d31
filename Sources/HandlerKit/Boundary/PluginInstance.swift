internal import ArticleProtocol
internal import CPluginABI

/// A started plugin: what the host hands back as the first argument of all calls.
///
/// Sendable although it is made of a pointer: the host's table is immortal.
@safe
final class PluginInstance: @unchecked Sendable {
    let host: UnsafePointer<articled_host>
    let handler: (any Handler)?
    let engine: (any StorageEngine)?

    init(host: UnsafePointer<articled_host>, handler: (any Handler)?, engine: (any StorageEngine)?) {
        unsafe self.host = host
        self.handler = handler
        self.engine = engine
    }

    /// The instance behind the host's pointer, which lives as long as the process.
    static func at(_ plugin: UnsafeMutableRawPointer?) -> PluginInstance? {
        guard let plugin = unsafe plugin else { return nil }
        return unsafe Unmanaged<PluginInstance>.fromOpaque(plugin).takeUnretainedValue()
    }

    /// One request, on its event loop: at once if the handler can, else in a task on the same loop.
    func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        let handle = unsafe RequestHandle(request, host: host)
        guard let handler else { return handle.fail(.unanswered) }
        let payload = unsafe request.pointee.payload.buffer
        let view = unsafe Request(method: method, request.pointee, payload: RawSpan(_unsafeBytes: payload))
        guard let responder = handler.answer(view, Responder(handle)) else { return }
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
                try await handler.handle(call, Responder(handle, state: state))
                state.returned(nil)
            } catch {
                state.returned(error)
            }
        }
        state.started(task)
    }
}

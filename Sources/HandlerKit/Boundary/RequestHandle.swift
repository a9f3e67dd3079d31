internal import ArticleProtocol
internal import CPluginABI

/// A request of the host's, and what the host does with it.
///
/// Sendable although it is made of pointers: the host's table and the loop are immortal, and the request is touched only
/// on its loop and only before it is ended, which the responder's ownership and `CallState` see to.
@safe
struct RequestHandle: @unchecked Sendable {
    let request: UnsafeMutablePointer<articled_request>
    let host: UnsafePointer<articled_host>
    let loop: OpaquePointer?

    init(_ request: UnsafeMutablePointer<articled_request>, host: UnsafePointer<articled_host>) {
        unsafe self.request = request
        unsafe self.host = host
        unsafe self.loop = request.pointee.loop
    }

    // MARK: On any thread

    /// Whether this thread is the request's event loop.
    var isCurrent: Bool { unsafe host.pointee.is_current(loop) != 0 }

    /// Runs `body` on the request's event loop: now if this is it, else soon.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        unsafe LoopJob(body).schedule(on: loop, host)
    }

    /// Has the host call `run` with `work` on the request's event loop, exactly once.
    func schedule(
        _ work: UnsafeMutableRawPointer,
        _ run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void
    ) {
        unsafe host.pointee.schedule(loop, run, work, nil)
    }

    /// Ends the request with its one response message.
    func respond(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, checksum: UInt32?, _ state: CallState?
    ) {
        guard isCurrent else {
            let copy = [UInt8](joining: first, second, third, fourth)
            return onLoop { respond(copy.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: checksum, state) }
        }
        end(state) {
            _ = unsafe Parts.with(first, second, third, fourth, checksum) { parts, count, checksum in
                unsafe host.pointee.respond(request, parts, count, checksum)
            }
        }
    }

    /// Ends the request with an error.
    func fail(_ error: ServiceError, _ state: CallState? = nil) {
        guard isCurrent else { return onLoop { fail(error, state) } }
        end(state) {
            // 0 would be success.
            let code = error.code == .ok ? StatusCode.internal.rawValue : error.code.rawValue
            var message = error.message
            message.withUTF8 { text in
                _ = unsafe host.pointee.fail(request, code, articled_bytes(data: text.baseAddress, size: text.count))
            }
        }
    }

    /// Ends a streamed response.
    func finish(_ state: CallState?) {
        guard isCurrent else { return onLoop { finish(state) } }
        end(state) { _ = unsafe host.pointee.finish(request) }
    }

    /// Gives back the credit of one message of `size` bytes that was taken, unless the request is ended.
    func consumed(message size: Int, _ state: CallState) {
        guard isCurrent else { return onLoop { consumed(message: size, state) } }
        if !state.isEnded { unsafe host.pointee.consumed(request, size + Int(ARTICLED_MESSAGE_OVERHEAD)) }
    }

    // MARK: On the event loop

    /// Sends one message of a streamed response.
    func send(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, checksum: UInt32?
    ) -> Sent {
        unsafe Parts.with(first, second, third, fourth, checksum) { parts, count, checksum in
            Sent(unsafe host.pointee.send(request, parts, count, checksum))
        }
    }

    /// As `send`, from elsewhere.
    func sendFromLoop(_ bytes: [UInt8]) async -> Sent {
        await withCheckedContinuation { continuation in
            onLoop {
                continuation.resume(
                    returning: send(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil))
            }
        }
    }

    /// Has the request's events delivered to `state`, until the request is ended.
    func watch(_ state: CallState) {
        unsafe host.pointee.watch(request, RequestEvents.table, RequestEvents.retain(state))
    }

    /// Ends the request by `body`, unless it is ended, and lets go of what its events were delivered to.
    private func end(_ state: CallState?, _ body: () -> Void) {
        guard let state else { return body() }
        guard state.end() else { return }
        body()
        RequestEvents.release(state)
    }
}

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

extension RequestHandle {
    /// What became of a message.
    enum Sent {
        case sent
        /// No credit; `writable` will tell.
        case blocked
        /// Nobody is there to receive it.
        case gone
        /// Larger than the peer's frame limit.
        case tooLarge

        /// An answer that this header does not know means that nothing more is to be had of the request.
        init(_ code: UInt32) {
            switch Int(code) {
            case ARTICLED_SENT: self = .sent
            case ARTICLED_BLOCKED: self = .blocked
            case ARTICLED_TOO_LARGE: self = .tooLarge
            default: self = .gone
            }
        }
    }
}

/// The events of requests that are handled in tasks: from the host's calls to `CallState`.
enum RequestEvents {
    /// Immortal, as the host keeps its address.
    nonisolated(unsafe) static let table: UnsafePointer<articled_events> = {
        let table = UnsafeMutablePointer<articled_events>.allocate(capacity: 1)
        unsafe table.initialize(
            to: articled_events(
                size: UInt32(MemoryLayout<articled_events>.size), reserved: 0,
                message: { context, _, message in
                    unsafe state(context)?.received([UInt8](message))
                },
                ended: { context, _ in
                    unsafe state(context)?.receivedLast()
                },
                writable: { context, _ in
                    unsafe state(context)?.becameWritable()
                },
                cancelled: { context, _, code in
                    unsafe state(context)?.cancel(reason(code))
                }))
        return unsafe UnsafePointer(table)
    }()

    /// Keeps `state` alive until `release`; the request's context.
    static func retain(_ state: CallState) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(state).toOpaque()
    }

    /// The request is ended: no event comes any more.
    static func release(_ state: CallState) {
        unsafe Unmanaged.passUnretained(state).release()
    }

    private static func state(_ context: UnsafeMutableRawPointer?) -> CallState? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<CallState>.fromOpaque(context).takeUnretainedValue()
    }

    private static func reason(_ code: UInt32) -> ServiceError {
        switch StatusCode(rawValue: code) {
        case .deadlineExceeded: ServiceError(.deadlineExceeded, "the deadline has passed")
        case .unavailable: ServiceError(.unavailable, "the connection went away")
        default: ServiceError(.cancelled, "the client cancelled the request")
        }
    }
}

extension Request {
    /// What the host tells of a request; `payload` is the request's own.
    @_lifetime(copy payload)
    init(method: Int, _ request: articled_request, payload: RawSpan) {
        self.init(
            method: method, payload: payload, id: unsafe request.id,
            deadline: unsafe request.deadline == .max ? nil : Deadline(nanoseconds: request.deadline),
            peer: unsafe Peer(
                roles: Role(rawValue: request.roles), user: Peer.id(request.peer_uid), group: Peer.id(request.peer_gid),
                process: Peer.id(request.peer_pid)),
            isStreamed: unsafe request.flags & UInt32(ARTICLED_REQUEST_MORE) != 0)
    }
}

extension Peer {
    /// ARTICLED_NO_ID is none.
    fileprivate static func id(_ number: UInt32) -> UInt32? { number == .max ? nil : number }
}

extension Call {
    /// The request, kept.
    init(_ request: borrowing Request, payload: [UInt8], state: CallState) {
        self.init(
            method: request.method, payload: payload, id: request.id, deadline: request.deadline, peer: request.peer,
            state: state)
    }
}

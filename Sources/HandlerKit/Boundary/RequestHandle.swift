// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// A request of the host, and the operations on it.
///
/// Sendable although it holds pointers: the host's table and the loop are never freed. The request is only accessed
/// on its loop and before it is ended, which the responder's ownership and `CallState` ensure.
@safe
struct RequestHandle: @unchecked Sendable {
    let request: UnsafeMutablePointer<articled_request>
    let host: Host
    let loop: OpaquePointer?

    init(_ request: UnsafeMutablePointer<articled_request>, host: Host) {
        unsafe self.request = request
        self.host = host
        unsafe self.loop = request.pointee.loop
    }

    // MARK: On any thread

    /// Whether the current thread is the request's event loop.
    var isCurrent: Bool { unsafe host.table.pointee.is_current(loop) != 0 }

    /// Runs `body` on the request's event loop: immediately if this is it, otherwise soon.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        unsafe LoopJob(body).schedule(on: loop, host.table)
    }

    /// Makes the host call `run` with `work` on the request's event loop, exactly once.
    func schedule(
        _ work: UnsafeMutableRawPointer,
        _ run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void
    ) {
        unsafe host.table.pointee.schedule(loop, run, work, nil)
    }

    /// Ends the request with its single response message.
    func respond(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, checksum: UInt32?, _ state: CallState?
    ) {
        guard isCurrent else {
            let copy = [UInt8](joining: first, second, third, fourth)
            return onLoop { respond(copy.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: checksum, state) }
        }
        end(state) {
            _ = unsafe Parts.with(first, second, third, fourth, checksum) { parts, count, checksum in
                unsafe host.table.pointee.respond(request, parts, count, checksum)
            }
        }
    }

    /// Ends the request with an error.
    func fail(_ error: ServiceError, _ state: CallState? = nil) {
        guard isCurrent else { return onLoop { fail(error, state) } }
        end(state) {
            // 0 would mean success.
            let code = error.code == .ok ? StatusCode.internal.rawValue : error.code.rawValue
            var message = error.message
            message.withUTF8 { text in
                _ = unsafe host.table.pointee.fail(
                    request, code, articled_bytes(data: text.baseAddress, size: text.count))
            }
        }
    }

    /// Ends a streamed response.
    func finish(_ state: CallState?) {
        guard isCurrent else { return onLoop { finish(state) } }
        end(state) { _ = unsafe host.table.pointee.finish(request) }
    }

    /// Returns the credit of one message of `size` bytes, unless the request is ended.
    func consumed(message size: Int, _ state: CallState) {
        guard isCurrent else { return onLoop { consumed(message: size, state) } }
        if !state.isEnded { unsafe host.table.pointee.consumed(request, size + Int(ARTICLED_MESSAGE_OVERHEAD)) }
    }

    // MARK: On the event loop

    /// Sends one message of a streamed response.
    func send(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, checksum: UInt32?
    ) -> Sent {
        unsafe Parts.with(first, second, third, fourth, checksum) { parts, count, checksum in
            Sent(unsafe host.table.pointee.send(request, parts, count, checksum))
        }
    }

    /// Like `send`, but from another thread.
    func sendFromLoop(_ bytes: [UInt8]) async -> Sent {
        await withCheckedContinuation { continuation in
            onLoop {
                continuation.resume(
                    returning: send(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil))
            }
        }
    }

    /// Delivers the request's events to `state` until the request is ended.
    func watch(_ state: CallState) {
        unsafe host.table.pointee.watch(request, RequestEvents.table, RequestEvents.retain(state))
    }

    /// Ends the request with `body`, unless it is already ended, and releases the receiver of its events.
    private func end(_ state: CallState?, _ body: () -> Void) {
        guard let state else { return body() }
        guard state.end() else { return }
        body()
        RequestEvents.release(state)
    }
}

extension RequestHandle {
    /// The result of sending a message.
    enum Sent {
        case sent
        /// There was no credit; `writable` is called when there is.
        case blocked
        /// There is no receiver any more.
        case gone
        /// The message exceeds the peer's frame limit.
        case tooLarge

        /// An unknown code means that nothing more can be sent.
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

/// Receives the host's events of requests that are handled in tasks, and passes them to `CallState`.
enum RequestEvents {
    /// Never freed, since the host keeps its address.
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

    /// Keeps `state` alive until `release`. Returns the context of the request's events.
    static func retain(_ state: CallState) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(state).toOpaque()
    }

    /// The request is ended, and no more events come.
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
    /// A request as the host passes it; `payload` is the request's own.
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
    /// ARTICLED_NO_ID becomes `nil`.
    fileprivate static func id(_ number: UInt32) -> UInt32? { number == .max ? nil : number }
}

extension Call {
    /// A request that outlives the host's call.
    init(_ request: borrowing Request, payload: [UInt8], state: CallState) {
        self.init(
            method: request.method, payload: payload, id: request.id, deadline: request.deadline, peer: request.peer,
            state: state)
    }
}

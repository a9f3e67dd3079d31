// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import LinuxRuntime

/// The life of a request: prepared, handled, in flight, ended. Every function runs on the thread of the request's loop.
///
/// A request has ended when the client has its last frame and the plugin has ended it, in either order. If the client
/// no longer waits (it cancelled, the deadline passed, the connection is closed), the request is abandoned. It keeps
/// its slot, and counts against its connection's limit, until the plugin has ended it.
enum RequestTable {
    /// What the plugin gets: the slot by its first member.
    @inline(__always)
    static func view(of slot: RequestPointer) -> UnsafeMutablePointer<articled_request> {
        unsafe UnsafeMutableRawPointer(slot).assumingMemoryBound(to: articled_request.self)
    }

    /// The slot of a request that a plugin refers to.
    @inline(__always)
    static func slot(of view: UnsafeMutablePointer<articled_request>) -> RequestPointer {
        unsafe UnsafeMutableRawPointer(view).assumingMemoryBound(to: RequestSlot.self)
    }

    // MARK: Beginning

    @inline(__always)
    static func prepare(
        _ slot: RequestPointer, _ session: Session, stream: UInt32, route: Int, payload: UnsafeRawBufferPointer,
        deadline: UInt64, clientEnded: Bool
    ) {
        let loop = session.loop
        unsafe slot.pointee.view = articled_request(
            size: UInt32(MemoryLayout<articled_request>.size),
            flags: clientEnded ? 0 : UInt32(ARTICLED_REQUEST_MORE),
            payload: articled_bytes(data: payload.baseAddress, size: payload.count),
            deadline: deadline, id: loop.nextRequestID(), loop: loop.handle, roles: session.roles,
            peer_uid: session.peer.credentials?.user ?? .max, peer_gid: session.peer.credentials?.group ?? .max,
            peer_pid: session.peer.credentials?.process ?? .max)
        unsafe slot.pointee.phase = .handling
        unsafe slot.pointee.clientEnded = clientEnded
        unsafe slot.pointee.endDelivered = clientEnded
        unsafe slot.pointee.isBlocked = false
        unsafe slot.pointee.stream = stream
        unsafe slot.pointee.route = route
        unsafe slot.pointee.started = loop.now
        unsafe slot.pointee.dispatched = max(loop.now, loop.lastAnswer)
        unsafe slot.pointee.returned = 0
        unsafe slot.pointee.session = Unmanaged.passUnretained(session)
        unsafe slot.pointee.sendCredit = session.clientWindow
        unsafe slot.pointee.receiveCredit = Int64(session.terms.streamWindow)
        unsafe slot.pointee.consumed = 0
        session.inFlight += 1
        loop.counters.opened.add(1)
    }

    /// `handle` has returned without an answer. The request is in flight from now on.
    static func enlist(_ slot: RequestPointer, _ session: Session) {
        unsafe slot.pointee.phase = .inFlight
        unsafe slot.pointee.returned = MonotonicClock.now
        unsafe slot.pointee.view.payload = articled_bytes(data: nil, size: 0)
        _ = unsafe slot.pointee.session?.retain()
        session.account.requestBegan()
        unsafe session.loop.counters.enlisted(route: slot.pointee.route)
        if unsafe slot.pointee.call == nil { unsafe session.streams[slot.pointee.stream] = slot }
        unsafe session.loop.requests.enlist(slot)
        unsafe session.loop.wake(at: slot.pointee.view.deadline)
    }

    // MARK: The client's side

    /// Ends the request for the client or the caller with an error, and tells the plugin that nobody waits for the answer.
    static func endWithError(_ slot: RequestPointer, _ code: StatusCode, _ message: String) {
        guard let session = unsafe slot.pointee.session?.takeUnretainedValue() else { return }
        if let call = unsafe slot.pointee.call?.takeUnretainedValue() {
            return session.loop.endCall(call, code, message)
        }
        unsafe session.streams[slot.pointee.stream] = nil
        unsafe count(slot, session, code)
        unsafe session.emit(
            .error, stream: slot.pointee.stream,
            Status(code: code.rawValue, message: message, request: slot.pointee.view.id))
        unsafe abandon(slot, code)
    }

    /// Fails an answer that waits for credit that can no longer come.
    static func failForLackOfCredit(_ slot: RequestPointer) {
        unsafe endWithError(
            slot, .cancelled, "the connection's input ended, and with it the credit for the rest of the answer")
    }

    static func expire(_ slot: RequestPointer) {
        unsafe endWithError(slot, .deadlineExceeded, "the deadline passed before the answer was ready")
    }

    /// Nobody waits for the answer. The calls that were made for the request end too.
    ///
    /// A client's request is no longer among its session's streams.
    static func abandon(_ slot: RequestPointer, _ code: StatusCode) {
        guard let session = unsafe slot.pointee.session?.takeUnretainedValue() else { return }
        unsafe session.loop.requests.delist(slot)
        unsafe slot.pointee.phase = .abandoned
        unsafe slot.pointee.backlog = []
        session.loop.counters.abandoned.add(1)
        let id = unsafe slot.pointee.view.id
        let hasCalls = unsafe slot.pointee.involvesCalls
        if let events = unsafe slot.pointee.events, unsafe Events.has(events, \.cancelled),
            let cancelled = unsafe events.pointee.cancelled
        {
            unsafe occupied(slot, session.loop) {
                unsafe cancelled(slot.pointee.eventContext, view(of: slot), code.rawValue)
            }
        }
        // The plugin may have ended the request by now.
        guard hasCalls else { return }
        session.loop.calls.cancelAll(
            madeFor: id, code, "nobody waits for the request that made this call", on: session.loop)
    }

    /// Delivers a message from the client to the plugin.
    static func deliver(_ slot: RequestPointer, _ payload: UnsafeRawBufferPointer) {
        // Behind those that wait. Bounded: the client's credit covers at most the window and one message.
        guard unsafe slot.pointee.events != nil, unsafe slot.pointee.backlog.isEmpty else {
            return unsafe slot.pointee.backlog.append(Array(payload))
        }
        let id = unsafe slot.pointee.view.id
        unsafe tell(slot, payload)
        if unsafe slot.pointee.view.id == id { unsafe deliverEnd(slot) }
    }

    /// Delivers the messages that came before the plugin watched.
    static func deliverBacklog(_ slot: RequestPointer) {
        let id = unsafe slot.pointee.view.id
        let waiting = unsafe slot.pointee.backlog
        unsafe slot.pointee.backlog = []
        for message in waiting {
            // The plugin may end the request before it has all messages.
            guard unsafe slot.pointee.phase == .inFlight, unsafe slot.pointee.view.id == id else { return }
            unsafe message.withUnsafeBytes { unsafe tell(slot, $0) }
        }
        if unsafe slot.pointee.view.id == id { unsafe deliverEnd(slot) }
    }

    private static func tell(_ slot: RequestPointer, _ payload: UnsafeRawBufferPointer) {
        guard let events = unsafe slot.pointee.events, unsafe Events.has(events, \.message),
            let message = unsafe events.pointee.message
        else { return }
        unsafe occupied(slot) {
            unsafe message(
                slot.pointee.eventContext, view(of: slot),
                articled_bytes(data: payload.baseAddress, size: payload.count))
        }
    }

    /// Tells the plugin, once, that the client has sent its last message, after the plugin has got all messages.
    static func deliverEnd(_ slot: RequestPointer) {
        guard unsafe slot.pointee.phase == .inFlight, unsafe slot.pointee.clientEnded,
            unsafe !slot.pointee.endDelivered, unsafe slot.pointee.backlog.isEmpty,
            let events = unsafe slot.pointee.events
        else { return }
        unsafe slot.pointee.endDelivered = true
        if unsafe Events.has(events, \.ended), let ended = unsafe events.pointee.ended {
            unsafe occupied(slot) { unsafe ended(slot.pointee.eventContext, view(of: slot)) }
        }
    }

    /// `send` would succeed again.
    static func unblock(_ slot: RequestPointer) {
        guard unsafe slot.pointee.isBlocked, unsafe slot.pointee.sendCredit > 0 else { return }
        unsafe slot.pointee.isBlocked = false
        guard let events = unsafe slot.pointee.events, unsafe Events.has(events, \.writable),
            let writable = unsafe events.pointee.writable
        else { return }
        unsafe occupied(slot) { unsafe writable(slot.pointee.eventContext, view(of: slot)) }
    }

    /// Runs code of the request's plugin, and records whose code it is.
    @inline(__always)
    private static func occupied(_ slot: RequestPointer, _ body: () -> Void) {
        // Not through the slot's session: it may be released when the plugin ends the request within `body`.
        guard let loop = unsafe slot.pointee.session?.takeUnretainedValue().loop else { return body() }
        unsafe occupied(slot, loop, body)
    }

    @inline(__always)
    private static func occupied(_ slot: RequestPointer, _ loop: EventLoop, _ body: () -> Void) {
        let before = unsafe loop.activity.enter(method: slot.pointee.route, at: max(loop.now, loop.lastAnswer))
        body()
        loop.activity.leave(before)
    }

    // MARK: The end

    /// Counts the request as answered with `code`.
    @inline(__always)
    static func count(_ slot: RequestPointer, _ session: Session, _ code: StatusCode) {
        let loop = session.loop
        let now = MonotonicClock.now
        let duration = unsafe now &- slot.pointee.started
        unsafe loop.counters.ended(route: slot.pointee.route, code: code, nanoseconds: duration)
        loop.lastAnswer = now
        if duration >= loop.slowRequest { unsafe noteSlow(slot, session, code, now) }
    }

    /// Streams are not reported: how long one takes depends on its client.
    @inline(never)
    private static func noteSlow(_ slot: RequestPointer, _ session: Session, _ code: StatusCode, _ now: UInt64) {
        let loop = session.loop
        let router = loop.context.router
        let target = unsafe router.target(slot.pointee.route)
        guard !target.streamsRequest, !target.streamsResponse else { return }
        loop.counters.slow.add(1)
        let request = unsafe SlowRequest(
            method: router.descriptions[slot.pointee.route].name, code: code, id: slot.pointee.view.id,
            stream: slot.pointee.stream,
            peer: session.peer, received: slot.pointee.started, dispatched: slot.pointee.dispatched,
            returned: slot.pointee.returned > 0 ? slot.pointee.returned : nil, answered: now)
        // The caller has the answer at once.
        if unsafe slot.pointee.call != nil { return loop.context.journal.slow(request, written: .at(now)) }
        session.addSlow(request)
    }

    /// A request in flight has ended.
    private static func leaveFlight(_ slot: RequestPointer, _ session: Session) {
        session.account.requestEnded()
        unsafe session.loop.counters.delisted(route: slot.pointee.route)
    }

    /// The plugin has ended the request. Its slot is free.
    @inline(__always)
    static func release(_ slot: RequestPointer, _ session: Session) {
        if unsafe slot.pointee.involvesCalls { return unsafe releaseWithCalls(slot, session) }
        session.inFlight -= 1
        session.loop.counters.closed.add(1)
        switch unsafe slot.pointee.phase {
        case .handling: break
        case .inFlight:
            unsafe session.streams[slot.pointee.stream] = nil
            unsafe session.loop.requests.delist(slot)
            unsafe leaveFlight(slot, session)
            unsafe slot.pointee.session?.release()
        case .abandoned:
            session.loop.counters.abandonedEnded.add(1)
            unsafe session.connection?.wroteToBuffer()  // a connection that drains may wait for this one
            unsafe leaveFlight(slot, session)
            unsafe slot.pointee.session?.release()
        case .free: return
        }
        unsafe slot.pointee.session = nil
        unsafe session.loop.requests.give(slot)
    }

    /// The same for a request that answers a call, or for which calls were made. The latter end with it.
    @inline(never)
    private static func releaseWithCalls(_ slot: RequestPointer, _ session: Session) {
        let loop = session.loop
        let id = unsafe slot.pointee.view.id
        unsafe slot.pointee.involvesCalls = false
        if unsafe slot.pointee.call != nil {
            session.inFlight += 1  // it was never counted there
            loop.counters.callsEnded.add(1)
            unsafe loop.calls.leave(slot)
        }
        unsafe release(slot, session)
        loop.calls.cancelAll(madeFor: id, .cancelled, "the request that made this call has ended", on: loop)
    }
}

/// Which event functions a plugin has. An older plugin's structure may be shorter than ours.
enum Events {
    @inline(__always)
    static func has<Value>(_ events: UnsafePointer<articled_events>, _ member: KeyPath<articled_events, Value>) -> Bool
    {
        guard let offset = MemoryLayout<articled_events>.offset(of: member) else { return false }
        return unsafe Int(events.pointee.size) >= offset + MemoryLayout<Value>.size
    }
}

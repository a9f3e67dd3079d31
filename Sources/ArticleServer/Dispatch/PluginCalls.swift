// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import LinuxRuntime
internal import Spelling
internal import Synchronization

/// The calls between plugins that one loop carries. For the loop's thread, except what says otherwise.
final class PluginCalls {
    /// Requests that answer calls, including those whose caller no longer waits.
    private(set) var inFlight = 0
    /// Calls whose caller waits, by number.
    private var open: [UInt64: PluginCall] = [:]
    /// Whether nobody waits for the end of a call.
    var isIdle: Bool { open.isEmpty }
    /// The numbers of those that were made for a request, by the request's number.
    private var made: [UInt64: Set<UInt64>] = [:]
    /// Sessions for calls without a request, by plugin.
    private var sessions: [String: Session] = [:]
    private let lastNumber = Atomic<UInt64>(0)
    private let arriving = Mutex(Arriving())

    /// Calls without a request that other threads have made.
    private struct Arriving {
        var isClosed = false
        var calls: [Arrival] = []
    }

    private struct Arrival {
        let call: PluginCall
        let method: String
        let message: [UInt8]
        let deadline: UInt64
    }

    /// A new number. Any thread.
    fileprivate func nextNumber(_ loop: Int) -> UInt64 {
        UInt64(loop + 1) << 48 | lastNumber.add(1, ordering: .relaxed).newValue
    }

    /// The index of the loop that carries a call.
    static func loop(of number: UInt64) -> Int { Int(number >> 48) - 1 }

    // MARK: Requests

    /// A request answers a call from now on.
    fileprivate func add(_ call: PluginCall, _ slot: RequestPointer) {
        inFlight += 1
        open[call.number] = call
        unsafe call.slot = slot
        unsafe slot.pointee.call = Unmanaged.passRetained(call)
        unsafe slot.pointee.involvesCalls = true
        guard let parent = unsafe call.parent else { return }
        unsafe parent.slot.pointee.involvesCalls = true
        unsafe made[parent.id, default: []].insert(call.number)
    }

    /// The plugin has ended a request that answers a call.
    func leave(_ slot: RequestPointer) {
        guard let call = unsafe slot.pointee.call else { return }
        inFlight -= 1
        unsafe slot.pointee.call = nil
        let answered = unsafe call.takeRetainedValue()
        unsafe answered.slot = nil
    }

    /// The caller no longer waits.
    func remove(_ call: PluginCall) {
        open[call.number] = nil
        guard let parent = unsafe call.parent, var numbers = unsafe made[parent.id] else { return }
        numbers.remove(call.number)
        unsafe made[parent.id] = numbers.isEmpty ? nil : numbers
    }

    /// Cancels the calls that were made for a request.
    func cancelAll(madeFor request: UInt64, _ code: StatusCode, _ text: String, on loop: EventLoop) {
        for number in made[request]?.sorted() ?? [] {
            if let call = open[number] { loop.endCall(call, code, text) }
        }
    }

    // MARK: Calls without a request

    /// Any thread.
    ///
    /// - Returns: false if the loop takes no more calls.
    fileprivate func arrive(_ call: PluginCall, _ method: String, _ message: [UInt8], deadline: UInt64) -> Bool {
        arriving.withLock { arriving in
            guard !arriving.isClosed else { return false }
            arriving.calls.append(Arrival(call: call, method: method, message: message, deadline: deadline))
            return true
        }
    }

    /// Begins the calls that have arrived.
    fileprivate func beginArrived(on loop: EventLoop) {
        // One at a time: those that wait may be cancelled meanwhile. What arrives meanwhile has a job of its own.
        for _ in 0..<arriving.withLock({ $0.calls.count }) {
            let first = arriving.withLock { $0.calls.isEmpty ? nil : $0.calls.removeFirst() }
            guard let arrival = first else { return }
            let call = arrival.call
            guard loop.takesCalls else {
                call.end(.unavailable, "the service is stopping", on: loop)
                continue
            }
            let session = session(of: call.caller, loop)
            unsafe arrival.message.withUnsafeBytes { message in
                unsafe loop.begin(
                    call, arrival.method, message, session, roles: PluginPeer.roles, deadline: arrival.deadline)
            }
        }
    }

    private func session(of plugin: PluginSelf, _ loop: EventLoop) -> Session {
        if let session = sessions[plugin.name] { return session }
        let peer = Peer(plugin: plugin.name, roles: PluginPeer.roles)
        let session = Session(
            peer: peer, account: PeerAccount(peer.identity, loop.context.admission.totals), loop: loop,
            outgoing: OutgoingBuffer(pool: loop.buffers))
        sessions[plugin.name] = session
        return session
    }

    // MARK: The end

    /// The caller no longer wants the answer.
    fileprivate func cancel(_ number: UInt64, on loop: EventLoop) {
        let text = "cancelled by the caller"
        if let call = open[number] { return loop.endCall(call, .cancelled, text) }
        let arrival = arriving.withLock { arriving in
            arriving.calls.firstIndex { $0.call.number == number }.map { arriving.calls.remove(at: $0) }
        }
        arrival?.call.end(.cancelled, text, on: loop)
    }

    /// The caller has processed messages.
    fileprivate func consumed(_ number: UInt64, _ bytes: Int) {
        guard let slot = unsafe open[number]?.slot, bytes > 0 else { return }
        // A plugin cannot return more than it was given.
        let window = Int64(ARTICLED_CALL_WINDOW)
        unsafe slot.pointee.sendCredit = min(window, slot.pointee.sendCredit + min(window * 2, Int64(bytes)))
        unsafe RequestTable.unblock(slot)
    }

    /// The loop ends: so do all calls, and it takes no more.
    func close(on loop: EventLoop) {
        let text = "the service is stopping"
        let arrived = arriving.withLock { arriving in
            defer { arriving = Arriving(isClosed: true) }
            return arriving.calls
        }
        for arrival in arrived { arrival.call.end(.unavailable, text, on: loop) }
        for call in open.sorted(by: { $0.key < $1.key }).map(\.value) { loop.endCall(call, .unavailable, text) }
        sessions = [:]
    }
}

/// What a plugin is as the peer of its own calls.
enum PluginPeer {
    static let roles = UInt32(ARTICLED_ROLE_READ | ARTICLED_ROLE_WRITE | ARTICLED_ROLE_ADMIN)
    /// The deadline of a call that has none, in nanoseconds from its beginning.
    static let deadline: UInt64 = 30_000_000_000
}

extension EventLoop {
    /// Whether calls without a request are begun.
    fileprivate var takesCalls: Bool {
        switch phase {
        case .serving, .resting: true
        case .draining, .handingOver, .stopped: false
        }
    }

    /// Begins a call, which may end at once.
    ///
    /// - Parameters:
    ///   - session: of the peer that the call is made for.
    ///   - deadline: CLOCK_MONOTONIC, nanoseconds; 0 for the default of calls without a request.
    fileprivate func begin(
        _ call: PluginCall, _ method: String, _ message: UnsafeRawBufferPointer, _ session: Session, roles: UInt32,
        deadline: UInt64
    ) {
        let router = context.router
        guard let route = router.index(named: method) else {
            let meant = Suggestion.closest(to: method, among: router.descriptions.map(\.name))
            return call.end(
                .unimplemented, "there is no method \(method)" + (meant.map { "; did you mean \($0)?" } ?? ""), on: self
            )
        }
        let target = router.target(route)
        guard !target.streamsRequest else {
            return call.end(
                .unimplemented, "\(method) takes a stream of messages: clients can call it, plugins cannot", on: self)
        }
        guard roles & target.role != 0 else {
            let role = router.descriptions[route].role
            context.journal.denied(method, role, session.peer)
            let caller = call.parentRoute.map { router.descriptions[$0].name } ?? call.caller.name
            return call.end(
                .permissionDenied,
                "\(method) needs the role \"\(role)\", which the client that called \(caller) lacks", on: self)
        }
        guard target.isFree || session.mayBegin(.ordinary) else {
            context.journal.overQuota(method, session.peer, session.account)
            return call.end(
                .resourceExhausted, "\(session.peer) has its share of requests in use; try again later", on: self)
        }
        var deadline = deadline
        if deadline == 0 { deadline = target.isEndless ? .max : MonotonicClock.now &+ PluginPeer.deadline }
        let slot = unsafe requests.take()
        unsafe RequestTable.prepare(
            slot, session, stream: 0, route: route, payload: message, deadline: deadline, clientEnded: true)
        session.inFlight -= 1  // the connection's limit is for the client's requests
        unsafe slot.pointee.started = slot.pointee.dispatched
        unsafe slot.pointee.view.roles = roles
        unsafe slot.pointee.sendCredit = Int64(ARTICLED_CALL_WINDOW)
        unsafe calls.add(call, slot)
        let before = unsafe activity.enter(method: route, at: slot.pointee.dispatched)
        unsafe target.handle(target.plugin, target.index, RequestTable.view(of: slot))
        activity.leave(before)
        guard unsafe slot.pointee.phase == .handling else { return }
        unsafe RequestTable.enlist(slot, session)
        if let code = call.isLate { unsafe RequestTable.abandon(slot, code) }
    }

    /// Ends a call that its plugin has not ended: tells the plugin, then the caller.
    func endCall(_ call: PluginCall, _ code: StatusCode, _ text: String) {
        guard !call.isOver, call.isLate == nil else { return }
        calls.remove(call)
        if let slot = unsafe call.slot, let session = unsafe slot.pointee.session?.takeUnretainedValue() {
            unsafe RequestTable.count(slot, session, code)
            call.isLate = code
            // Inside `handle` the request is not in flight yet. It is abandoned when `handle` returns.
            if unsafe slot.pointee.phase == .inFlight { unsafe RequestTable.abandon(slot, code) }
        }
        call.end(code, text, on: self)
    }

    /// The plugin has ended the request of a call.
    func answered(_ call: PluginCall, _ code: StatusCode, _ text: String = "") {
        calls.remove(call)
        call.end(code, text, on: self)
    }
}

/// The functions of `articled_host` for calls, without their C types.
extension PluginCalls {
    static func call(
        _ own: PluginSelf, _ request: UnsafeMutablePointer<articled_request>?, _ method: String,
        _ message: UnsafeRawBufferPointer, deadline: UInt64, _ reply: UnsafePointer<articled_reply>?,
        _ context: UnsafeMutableRawPointer?
    ) -> UInt64 {
        guard let request = unsafe request else {
            return unsafe call(own, method, message, deadline: deadline, reply, context)
        }
        let slot = unsafe RequestTable.slot(of: request)
        let session = unsafe slot.pointee.session?.takeUnretainedValue()
        let number = session.map { $0.loop.calls.nextNumber($0.loop.index) } ?? 0
        guard let call = unsafe PluginCall(number, own, reply, context, parent: slot) else { return 0 }
        let isWanted = unsafe slot.pointee.call?.takeUnretainedValue().isLate == nil
        guard let session, isWanted, unsafe [.handling, .inFlight].contains(slot.pointee.phase) else {
            call.end(.cancelled, "the request that makes this call of \(method) has ended", on: nil)
            return 0
        }
        let loop = session.loop
        guard loop.isCurrent else {
            call.end(.internal, "\(method) was called away from the request's event loop", on: nil)
            return 0
        }
        guard unsafe PluginCall.depth(of: slot) < Int(ARTICLED_CALL_DEPTH) else {
            let circle = unsafe PluginCall.circle(slot, method, loop.context.router)
            call.end(
                .failedPrecondition,
                "\(own.name): more than \(ARTICLED_CALL_DEPTH) calls within calls: \(circle)", on: loop)
            return 0
        }
        let limit = unsafe min(slot.pointee.view.deadline, deadline == 0 ? .max : deadline)
        guard limit > MonotonicClock.now else {
            call.end(.deadlineExceeded, "the deadline passed before \(method) was called", on: loop)
            return 0
        }
        unsafe loop.begin(call, method, message, session, roles: slot.pointee.view.roles, deadline: limit)
        return call.isOver ? 0 : number
    }

    private static func call(
        _ own: PluginSelf, _ method: String, _ message: UnsafeRawBufferPointer, deadline: UInt64,
        _ reply: UnsafePointer<articled_reply>?, _ context: UnsafeMutableRawPointer?
    ) -> UInt64 {
        let loop = own.nextLoop()
        let number = loop.map { $0.calls.nextNumber($0.index) } ?? 0
        guard let call = unsafe PluginCall(number, own, reply, context) else { return 0 }
        guard let loop else {
            call.end(.unavailable, "\(method) was called before the service has started", on: nil)
            return 0
        }
        guard own.openCalls.load(ordering: .relaxed) <= Int(ARTICLED_MAX_CALLS) else {
            call.end(.resourceExhausted, "\(own.name) has \(ARTICLED_MAX_CALLS) calls open", on: nil)
            return 0
        }
        guard unsafe loop.calls.arrive(call, method, Array(message), deadline: deadline) else {
            call.end(.unavailable, "the service is stopping", on: nil)
            return 0
        }
        unsafe loop.schedule(
            Inbox.Job(
                run: { loop, _ in
                    guard let loop = unsafe loop else { return }
                    let carrier = unsafe EventLoop.from(OpaquePointer(loop))
                    carrier.calls.beginArrived(on: carrier)
                }, job: UnsafeMutableRawPointer(loop.handle), context: nil))
        return number
    }

    static func consumed(_ own: PluginSelf, _ number: UInt64, _ bytes: Int) {
        onLoop(own, number) { $0.calls.consumed(number, bytes) }
    }

    static func cancel(_ own: PluginSelf, _ number: UInt64) {
        onLoop(own, number) { $0.calls.cancel(number, on: $0) }
    }

    private static func onLoop(_ own: PluginSelf, _ number: UInt64, _ body: @escaping @Sendable (EventLoop) -> Void) {
        guard number != 0, let loop = own.loop(loop(of: number)) else { return }
        if loop.isCurrent { body(loop) } else { loop.inbox.add { body(loop) } }
    }
}

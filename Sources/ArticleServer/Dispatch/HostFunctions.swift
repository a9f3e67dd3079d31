// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// What a plugin may do with its requests: the functions of `articled_host`, without their C types.
///
/// A plugin is trusted not to corrupt memory, and nothing else. Each function checks that the request is in flight.
enum HostFunctions {
    static func respond(
        _ slot: RequestPointer, _ parts: UnsafePointer<articled_bytes>?, _ count: Int,
        _ checksum: UnsafePointer<UInt32>?
    ) -> UInt32 {
        guard let session = unsafe live(slot, "respond") else { return unsafe gone(slot) }
        if let call = unsafe slot.pointee.call?.takeUnretainedValue() {
            return unsafe respond(call, slot, session, parts, count, total(parts, count))
        }
        guard let size = unsafe total(parts, count) else {
            unsafe failNow(slot, session, .internal, Self.impossible)
            return UInt32(ARTICLED_TOO_LARGE)
        }
        guard size <= session.clientMaxFrame else {
            unsafe failNow(
                slot, session, .resourceExhausted,
                "the response is larger than the client's max_frame, \(session.clientMaxFrame) bytes")
            return UInt32(ARTICLED_TOO_LARGE)
        }
        if size >= Self.large, !session.mayBuffer(.bulk), unsafe isRepeatable(slot, session) {
            unsafe failNow(slot, session, .resourceExhausted, Self.overQuota)
            return UInt32(ARTICLED_TOO_LARGE)
        }
        unsafe write(session, [.end], stream: slot.pointee.stream, parts, count, size, checksum)
        unsafe RequestTable.count(slot, session, .ok)
        unsafe RequestTable.release(slot, session)
        return UInt32(ARTICLED_SENT)
    }

    static func send(
        _ slot: RequestPointer, _ parts: UnsafePointer<articled_bytes>?, _ count: Int,
        _ checksum: UnsafePointer<UInt32>?
    ) -> UInt32 {
        guard let session = unsafe live(slot, "send") else { return UInt32(ARTICLED_GONE) }
        if let call = unsafe slot.pointee.call?.takeUnretainedValue() {
            return unsafe send(call, slot, session, parts, count, total(parts, count))
        }
        guard let size = unsafe total(parts, count), size <= session.clientMaxFrame else {
            return UInt32(ARTICLED_TOO_LARGE)
        }
        guard unsafe slot.pointee.sendCredit > 0 else {
            if session.hasInputEnded, unsafe slot.pointee.phase == .inFlight {
                unsafe RequestTable.failForLackOfCredit(slot)
                return UInt32(ARTICLED_GONE)
            }
            unsafe slot.pointee.isBlocked = true
            return UInt32(ARTICLED_BLOCKED)
        }
        guard session.outgoing.count < session.limits.maxBuffered else {
            unsafe slot.pointee.isBlocked = true
            unsafe session.blocked.append(slot)
            return UInt32(ARTICLED_BLOCKED)
        }
        if size >= Self.large, unsafe slot.pointee.phase == .inFlight, !session.mayBuffer(.bulk) {
            unsafe RequestTable.endWithError(slot, .resourceExhausted, Self.overQuota)
            return UInt32(ARTICLED_GONE)
        }
        unsafe slot.pointee.sendCredit -= Int64(size) + Int64(FrameHeader.size)
        unsafe write(session, [], stream: slot.pointee.stream, parts, count, size, checksum)
        return UInt32(ARTICLED_SENT)
    }

    static func finish(_ slot: RequestPointer) -> UInt32 {
        guard let session = unsafe live(slot, "finish") else { return unsafe gone(slot) }
        if let call = unsafe slot.pointee.call?.takeUnretainedValue() { return unsafe finish(call, slot, session) }
        unsafe write(session, .end, kind: .end, stream: slot.pointee.stream)
        unsafe RequestTable.count(slot, session, .ok)
        unsafe RequestTable.release(slot, session)
        return UInt32(ARTICLED_SENT)
    }

    static func fail(_ slot: RequestPointer, _ code: UInt32, _ message: articled_bytes) -> UInt32 {
        guard let session = unsafe live(slot, "fail") else { return unsafe gone(slot) }
        let known = StatusCode(rawValue: code) ?? .internal
        let text = unsafe String(
            decoding: UnsafeRawBufferPointer(
                start: message.data, count: message.data == nil ? 0 : min(message.size, Limits.statusMessage)),
            as: UTF8.self)
        unsafe failNow(slot, session, known == .ok ? .internal : known, text)
        return UInt32(ARTICLED_SENT)
    }

    static func watch(
        _ slot: RequestPointer, _ events: UnsafePointer<articled_events>?, _ context: UnsafeMutableRawPointer?
    ) {
        switch unsafe slot.pointee.phase {
        case .free: return unsafe misused(slot, "watch")
        case .abandoned: return
        case .handling, .inFlight: break
        }
        guard unsafe slot.pointee.events == nil, let events = unsafe events else { return }
        unsafe slot.pointee.events = events
        unsafe slot.pointee.eventContext = context
        guard let session = unsafe slot.pointee.session?.takeUnretainedValue(),
            unsafe !slot.pointee.backlog.isEmpty || (slot.pointee.clientEnded && !slot.pointee.endDelivered)
        else { return }
        // Not from within the plugin's own call, but right after it, as a job of this turn.
        unsafe session.loop.schedule(
            Inbox.Job(
                run: { slot, id in
                    guard let slot = unsafe slot?.assumingMemoryBound(to: RequestSlot.self),
                        unsafe slot.pointee.phase == .inFlight,
                        unsafe slot.pointee.view.id == UInt64(UInt(bitPattern: id))
                    else { return }
                    unsafe RequestTable.deliverBacklog(slot)
                }, job: UnsafeMutableRawPointer(slot),
                context: UnsafeMutableRawPointer(bitPattern: UInt(slot.pointee.view.id))))
    }

    static func consumed(_ slot: RequestPointer, _ bytes: Int) {
        guard unsafe slot.pointee.phase == .inFlight || slot.pointee.phase == .handling, bytes > 0,
            let session = unsafe slot.pointee.session?.takeUnretainedValue()
        else { return }
        let window = Int64(session.terms.streamWindow)
        // A plugin cannot return more than it was given.
        let outstanding = unsafe window - slot.pointee.receiveCredit - slot.pointee.consumed
        unsafe slot.pointee.consumed += min(Int64(bytes), max(0, outstanding))
        guard unsafe slot.pointee.consumed >= window / 4, unsafe !slot.pointee.clientEnded else { return }
        let grant = unsafe slot.pointee.consumed
        unsafe slot.pointee.consumed = 0
        unsafe slot.pointee.receiveCredit += grant
        unsafe session.emit(.credit, stream: slot.pointee.stream, Credit(bytes: UInt32(clamping: grant)))
    }

    // MARK: -

    static let impossible = "the plugin gave a response of an impossible size"
    /// Messages of this size or more get no buffer beyond their peer's share.
    private static let large = 64 << 10
    private static let overQuota =
        "the answer is large, and this user or address has its share of buffers in use: read what was answered, and try "
        + "again"

    /// Whether the client can repeat the request if its answer is not sent.
    private static func isRepeatable(_ slot: RequestPointer, _ session: Session) -> Bool {
        unsafe session.loop.context.router.descriptions[slot.pointee.route].idempotent
    }

    /// The session of a request that can still be answered; nil if the request is abandoned or not in flight.
    @inline(__always)
    private static func live(_ slot: RequestPointer, _ function: StaticString) -> Session? {
        switch unsafe slot.pointee.phase {
        case .handling, .inFlight: return unsafe slot.pointee.session?.takeUnretainedValue()
        case .abandoned: return nil
        case .free:
            unsafe misused(slot, function)
            return nil
        }
    }

    /// Ends a request that nobody waits for.
    private static func gone(_ slot: RequestPointer) -> UInt32 {
        if unsafe slot.pointee.phase == .abandoned, let session = unsafe slot.pointee.session?.takeUnretainedValue() {
            unsafe RequestTable.release(slot, session)
        }
        return UInt32(ARTICLED_GONE)
    }

    private static func misused(_ slot: RequestPointer, _ function: StaticString) {
        Log.error(
            "a plugin called \(function) for a request that it had already ended; the call was ignored",
            ["REQUEST_ID": "\(unsafe slot.pointee.view.id)"])
    }

    static func failNow(_ slot: RequestPointer, _ session: Session, _ code: StatusCode, _ message: String) {
        let call = unsafe slot.pointee.call?.takeUnretainedValue()
        guard call?.isLate == nil else {
            _ = unsafe dropped(slot, session)
            return
        }
        if code == .internal || code == .dataLoss {
            let context = session.loop.context
            let method = unsafe context.router.descriptions[slot.pointee.route].name
            unsafe context.journal.failed(method, code, message, request: slot.pointee.view.id, session.peer)
        }
        if let call { return unsafe fail(call, slot, session, code, message) }
        unsafe session.emit(
            .error, stream: slot.pointee.stream,
            Status(code: code.rawValue, message: message, request: slot.pointee.view.id))
        unsafe RequestTable.count(slot, session, code)
        unsafe RequestTable.release(slot, session)
    }

    /// The size of all parts together; nil if it is not plausible, or there is no memory to a size.
    @inline(__always)
    private static func total(_ parts: UnsafePointer<articled_bytes>?, _ count: Int) -> Int? {
        guard count >= 0, unsafe parts != nil || count == 0 else { return nil }
        var size = 0
        for index in 0..<count {
            let part = unsafe parts.unsafelyUnwrapped[index]
            let (sum, overflow) = unsafe size.addingReportingOverflow(part.size)
            guard !overflow, sum >= size, unsafe part.data != nil || part.size == 0 else { return nil }
            size = sum
        }
        return size
    }
}

extension HostFunctions {
    /// Puts a frame into the outgoing buffer. This is the one copy of a response. Passing the pieces to the kernel
    /// where they are would avoid the copy but costs more: 3.6 us instead of 2.5 us for an article of 3 KB in cold
    /// memory.
    @inline(__always)
    static func write(
        _ session: Session, _ flags: FrameFlags, kind: FrameKind = .message, stream: UInt32,
        _ parts: UnsafePointer<articled_bytes>? = nil, _ count: Int = 0, _ size: Int = 0,
        _ checksum: UnsafePointer<UInt32>? = nil
    ) {
        func header(_ sum: UInt32) -> FrameHeader {
            FrameHeader(
                payloadLength: UInt32(size), kind: kind, flags: kind == .end ? [] : flags, method: 0, stream: stream,
                checksum: sum)
        }
        let memory = unsafe session.outgoing.extend(by: FrameHeader.size + size)
        var target = unsafe memory + FrameHeader.size
        for index in 0..<count {
            let part = unsafe parts.unsafelyUnwrapped[index]
            guard let data = unsafe part.data, unsafe part.size > 0 else { continue }
            unsafe target.copyMemory(from: data, byteCount: part.size)
            unsafe target += part.size
        }
        let sum =
            unsafe checksum?.pointee
            ?? CRC32C.checksum(UnsafeRawBufferPointer(start: memory + FrameHeader.size, count: size))
        unsafe header(sum).encode(to: memory)
        unsafe session.connection?.wroteToBuffer()
    }
}

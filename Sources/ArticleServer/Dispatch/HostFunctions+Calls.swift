// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// What a plugin may do with a request that another plugin made: the same as with a client's, but the answer goes to the
/// caller's functions.
extension HostFunctions {
    static func respond(
        _ call: PluginCall, _ slot: RequestPointer, _ session: Session, _ parts: UnsafePointer<articled_bytes>?,
        _ count: Int, _ size: Int?
    ) -> UInt32 {
        guard call.isLate == nil else { return unsafe dropped(slot, session) }
        let limit = session.limits.maxFrame
        guard let size else {
            unsafe failNow(slot, session, .internal, impossible)
            return UInt32(ARTICLED_TOO_LARGE)
        }
        guard size <= limit else {
            unsafe failNow(slot, session, .resourceExhausted, "the response is larger than \(limit) bytes")
            return UInt32(ARTICLED_TOO_LARGE)
        }
        let loop = session.loop
        unsafe RequestTable.count(slot, session, .ok)
        unsafe RequestTable.release(slot, session)
        // The caller may end its own request within the message. That does not cancel this call any more.
        loop.calls.remove(call)
        unsafe joined(parts, count, size) { unsafe call.deliver($0, on: loop) }
        loop.answered(call, .ok)
        return UInt32(ARTICLED_SENT)
    }

    static func send(
        _ call: PluginCall, _ slot: RequestPointer, _ session: Session, _ parts: UnsafePointer<articled_bytes>?,
        _ count: Int, _ size: Int?
    ) -> UInt32 {
        guard call.isLate == nil else { return UInt32(ARTICLED_GONE) }
        guard let size, size <= session.limits.maxFrame else { return UInt32(ARTICLED_TOO_LARGE) }
        guard unsafe slot.pointee.sendCredit > 0 else {
            unsafe slot.pointee.isBlocked = true
            return UInt32(ARTICLED_BLOCKED)
        }
        unsafe slot.pointee.sendCredit -= Int64(size) + Int64(ARTICLED_MESSAGE_OVERHEAD)
        unsafe joined(parts, count, size) { unsafe call.deliver($0, on: session.loop) }
        return UInt32(ARTICLED_SENT)
    }

    static func finish(_ call: PluginCall, _ slot: RequestPointer, _ session: Session) -> UInt32 {
        guard call.isLate == nil else { return unsafe dropped(slot, session) }
        let loop = session.loop
        unsafe RequestTable.count(slot, session, .ok)
        unsafe RequestTable.release(slot, session)
        loop.answered(call, .ok)
        return UInt32(ARTICLED_SENT)
    }

    static func fail(
        _ call: PluginCall, _ slot: RequestPointer, _ session: Session, _ code: StatusCode, _ message: String
    ) {
        let loop = session.loop
        unsafe RequestTable.count(slot, session, code)
        unsafe RequestTable.release(slot, session)
        loop.answered(call, code, message)
    }

    /// Ends a request whose caller was told the end while `handle` ran.
    static func dropped(_ slot: RequestPointer, _ session: Session) -> UInt32 {
        unsafe RequestTable.release(slot, session)
        return UInt32(ARTICLED_GONE)
    }

    /// Lends the parts of a message as one.
    private static func joined(
        _ parts: UnsafePointer<articled_bytes>?, _ count: Int, _ size: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        guard count > 0, let parts = unsafe parts else {
            return unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        guard count > 1 else { return unsafe body(UnsafeRawBufferPointer(start: parts[0].data, count: size)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for index in 0..<count {
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: parts[index].data, count: parts[index].size))
        }
        unsafe bytes.withUnsafeBytes { unsafe body($0) }
    }
}

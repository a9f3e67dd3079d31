// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

extension Session {
    /// REQUEST: opens a stream. If the plugin answers at once, the request has ended when this returns.
    func open(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        let stream = header.stream
        guard stream != 0 else { return violated("REQUEST needs a stream other than 0") }
        guard header.flags.isSubset(of: [.end, .options]) else {
            return violated("REQUEST has unknown flags \(header.flags.rawValue)")
        }
        if unsafe !streams.isEmpty, unsafe streams[stream] != nil {
            return violated("stream \(stream) is in use; its last frame must come before it is used again")
        }
        guard phase == .established else {
            return refuse(stream, .unavailable, "the service is stopping; connect again")
        }
        let context = loop.context
        guard let route = context.router.index(of: methods?.number(for: header.method) ?? header.method) else {
            return refuse(stream, .unimplemented, "there is no method number \(header.method); see the server's HELLO")
        }
        var message = unsafe payload
        let target = context.router.target(route)
        var deadline =
            target.isEndless ? .max : loop.now &+ loop.configuration.limits.defaultDeadlineNanoseconds
        if header.flags.contains(.options) {
            switch unsafe options(&message, target) {
            case .success(let milliseconds?): deadline = loop.now &+ milliseconds
            case .success(nil): break
            case .failure(let error): return refuse(stream, error.code, error.message)
            }
        }
        guard inFlight < terms.maxInFlight else {
            return refuse(
                stream, .resourceExhausted,
                "\(inFlight) requests are in flight on this connection, which is the limit; wait for an answer")
        }
        // A stream lives as long as its client likes, so it can use up a share.
        let use: Quota.Use = target.streamsRequest ? .bulk : .ordinary
        guard target.isFree || mayBegin(use) && mayBuffer(.ordinary) else {
            context.journal.overQuota(context.router.descriptions[route].name, peer, account)
            return refuse(
                stream, .resourceExhausted,
                "this user or address has its share of requests or memory in use; try again later")
        }
        guard roles & target.role != 0 else {
            let method = context.router.descriptions[route]
            context.journal.denied(method.name, method.role, peer)
            return refuse(stream, .permissionDenied, "\(method.name) needs the role \"\(method.role)\"")
        }
        let ended = header.flags.contains(.end)
        guard ended || target.streamsRequest else {
            return refuse(
                stream, .invalidArgument, "\(context.router.descriptions[route].name) takes one message: set END")
        }
        guard unsafe !target.streamsRequest || message.isEmpty else {
            return refuse(
                stream, .invalidArgument,
                "\(context.router.descriptions[route].name) takes its messages in MESSAGE frames, none in REQUEST")
        }
        let slot = unsafe loop.requests.take()
        unsafe RequestTable.prepare(
            slot, self, stream: stream, route: route, payload: message, deadline: deadline, clientEnded: ended)
        let before = unsafe loop.activity.enter(method: route, at: slot.pointee.dispatched)
        unsafe target.handle(target.plugin, target.index, RequestTable.view(of: slot))
        loop.activity.leave(before)
        if unsafe slot.pointee.phase == .handling { unsafe RequestTable.enlist(slot, self) }
    }

    /// Lets the plugin of a request that is opened soon prefetch what it needs.
    @inline(__always)
    func prefetch(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard header.kind == .request, !header.flags.contains(.options), phase == .established,
            let route = loop.context.router.index(of: methods?.number(for: header.method) ?? header.method)
        else { return }
        let target = loop.context.router.target(route)
        guard let prefetch = unsafe target.prefetch, roles & target.role != 0 else { return }
        let before = loop.activity.enter(method: route, at: max(loop.now, loop.lastAnswer))
        unsafe prefetch(target.plugin, target.index, articled_bytes(data: payload.baseAddress, size: payload.count))
        loop.activity.leave(before)
    }

    /// Reads the CallOptions before a request's message: their length as a varint, then the options.
    ///
    /// - Returns: the deadline in nanoseconds from now, if the client gave one.
    private func options(_ message: inout UnsafeRawBufferPointer, _ target: Route.Target) -> Result<
        UInt64?, ServiceError
    > {
        var length = 0
        var size = 0
        while true {
            guard size < message.count, size < 2 else {
                return .failure(
                    ServiceError(
                        .invalidArgument, "the length of the call options is truncated or above \(Limits.callOptions)"))
            }
            let byte = unsafe message[size]
            length |= Int(byte & 0x7f) << (7 * size)
            size += 1
            if byte < 0x80 { break }
        }
        guard length <= Limits.callOptions, length <= message.count - size else {
            return .failure(
                ServiceError(
                    .invalidArgument, "the call options prefetch \(length) bytes, more than there are or may be"))
        }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: message[size..<(size + length)])
        unsafe message = UnsafeRawBufferPointer(rebasing: message[(size + length)...])
        do {
            let options = try unsafe CallOptions(decoding: bytes)
            guard options.deadlineMs > 0 else { return .success(nil) }
            let limit = target.isEndless ? .max : limits.maxDeadlineNanoseconds
            return .success(min(UInt64(options.deadlineMs) * 1_000_000, limit))
        } catch {
            return .failure(error)
        }
    }

    /// Answers a request that no plugin gets.
    private func refuse(_ stream: UInt32, _ code: StatusCode, _ message: String) {
        loop.counters.refusedRequests.add(1)
        emit(.error, stream: stream, Status(code: code.rawValue, message: message))
    }

    /// MESSAGE: one more message of a streamed request.
    func message(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard header.stream != 0, header.flags.isSubset(of: .end) else {
            return violated("MESSAGE needs a stream, and has no flag but END")
        }
        // The server may have ended the stream while this was on its way.
        guard let slot = unsafe streams[header.stream] else { return }
        guard unsafe !slot.pointee.clientEnded else {
            return violated("MESSAGE on stream \(header.stream), which the client has ended")
        }
        guard unsafe slot.pointee.receiveCredit > 0 else {
            return violated("MESSAGE on stream \(header.stream) without credit")
        }
        unsafe slot.pointee.receiveCredit -= Int64(payload.count) + Int64(FrameHeader.size)
        if header.flags.contains(.end) { unsafe slot.pointee.clientEnded = true }
        unsafe RequestTable.deliver(slot, payload)
    }

    /// END: the client has sent its last message.
    func ended(_ header: FrameHeader) {
        guard header.stream != 0, header.flags.isEmpty, header.payloadLength == 0 else {
            return violated("END needs a stream, and has neither flags nor payload")
        }
        guard let slot = unsafe streams[header.stream] else { return }
        guard unsafe !slot.pointee.clientEnded else {
            return violated("END on stream \(header.stream), which the client has ended")
        }
        unsafe slot.pointee.clientEnded = true
        unsafe RequestTable.deliverEnd(slot)
    }

    /// CANCEL: the client no longer wants an answer. It gets one all the same, so that it knows when the stream is
    /// free.
    func cancel(_ header: FrameHeader) {
        guard header.stream != 0, header.flags.isEmpty, header.payloadLength == 0 else {
            return violated("CANCEL needs a stream, and has neither flags nor payload")
        }
        guard let slot = unsafe streams[header.stream] else { return }  // it was answered meanwhile
        unsafe RequestTable.endWithError(slot, .cancelled, "cancelled by the client")
    }

    /// CREDIT: the client takes more of a streamed response.
    func credit(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard header.stream != 0, header.flags.isEmpty else {
            return violated("CREDIT needs a stream, and has no flags")
        }
        let credit: Credit
        do {
            credit = try unsafe Credit(decoding: payload)
        } catch {
            return violated("CREDIT cannot be read: \(error.message)")
        }
        guard let slot = unsafe streams[header.stream] else { return }
        let sum = unsafe slot.pointee.sendCredit + Int64(credit.bytes)
        guard sum <= Int64(Int32.max) else {
            return violated("the credit of stream \(header.stream) is above \(Int32.max) bytes")
        }
        unsafe slot.pointee.sendCredit = sum
        if unsafe slot.pointee.isBlocked, sum > 0 { unsafe RequestTable.unblock(slot) }
    }
}

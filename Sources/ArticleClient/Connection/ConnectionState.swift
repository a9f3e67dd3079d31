// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// The state of one connection at the client, without the socket: which frames may be sent, which may arrive, and what
/// they mean. Incoming bytes are untrusted. Methods return what to do and perform no I/O.
struct ConnectionState: ~Copyable {
    enum Phase: Equatable {
        /// The client's HELLO is on its way; the service's has not arrived.
        case handshake
        case open
        /// The service accepts no new requests on this connection. Requests in flight finish.
        case draining
    }

    private(set) var phase = Phase.handshake
    /// How many requests wait for their last frame.
    private(set) var inFlight = 0
    /// The largest payload that the service accepts. Until its HELLO: the smallest value that the protocol allows.
    private(set) var maxOutgoing = Limits.smallestMaxFrame

    private let maxIncoming: Int
    private let window: Int64
    private var peerWindow: Int64 = 0
    private var allowedInFlight = 0
    private var streams: [StreamState] = []
    private var freeStreams: [UInt32] = []

    /// The client's own limit of requests in flight. It keeps the table of streams small, whatever the service allows.
    static let maxInFlight = 1 << 16

    /// The largest HELLO of the service. `maxIncoming` does not apply to it.
    static let maxHello = 256 << 10

    init(maxIncoming: Int, window: Int) {
        self.maxIncoming = maxIncoming
        self.window = Int64(window)
    }

    // MARK: What the client wants

    var hasRoom: Bool { phase == .open && inFlight < allowedInFlight }

    /// Opens a stream for a new request; `nil` if there is no room.
    mutating func open(sending: Bool, streamsResponse: Bool) -> UInt32? {
        guard hasRoom else { return nil }
        let state = StreamState(
            phase: .open, streamsResponse: streamsResponse, sending: sending, sendCredit: peerWindow,
            receiveCredit: window)
        inFlight += 1
        if let stream = freeStreams.popLast() {
            streams[Int(stream) - 1] = state
            return stream
        }
        streams.append(state)
        return UInt32(streams.count)
    }

    func maySend(on stream: UInt32) -> Bool {
        guard let state = self[stream] else { return false }
        return state.phase == .open && state.sending && state.sendCredit > 0
    }

    /// Records that a message of `bytes` bytes was sent.
    mutating func sent(_ bytes: Int, last: Bool, on stream: UInt32) {
        update(stream) {
            $0.sendCredit -= Int64(bytes + Limits.messageOverhead)
            if last { $0.sending = false }
        }
    }

    /// Records that END was sent.
    mutating func ended(_ stream: UInt32) { update(stream) { $0.sending = false } }

    /// Records that the caller consumed `bytes` of the response. Returns whether to send CREDIT.
    mutating func grant(_ bytes: Int, on stream: UInt32) -> Bool {
        guard let state = self[stream], state.phase == .open, state.streamsResponse else { return false }
        update(stream) { $0.receiveCredit += Int64(bytes) }
        return true
    }

    /// Records that the caller no longer waits. Returns whether to send CANCEL.
    mutating func cancel(_ stream: UInt32) -> Bool {
        guard self[stream]?.phase == .open else { return false }
        update(stream) { $0.phase = .cancelled }
        return true
    }

    // MARK: What the service sends

    /// Checks a header, before the client waits for its payload.
    func admit(_ header: FrameHeader) throws(ProtocolFault) {
        let limit = phase == .handshake ? Self.maxHello : maxIncoming
        guard Int(header.payloadLength) <= limit else {
            throw ProtocolFault(
                "the service sent a frame of \(header.payloadLength) bytes; this client accepts \(limit)")
        }
        let kind = header.kind
        guard kind.isKnown else { return }
        guard header.flags.subtracting(kind == .message ? .end : []).isEmpty else {
            throw ProtocolFault("the service sent flags \(header.flags.rawValue) on \(kind)")
        }
        if phase == .handshake, kind != .hello, kind != .goAway {
            throw ProtocolFault("the service's first frame must be HELLO, not \(kind)")
        }
    }

    /// Processes a frame whose header was admitted and whose payload is complete.
    mutating func receive(_ header: FrameHeader, _ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        guard header.kind.isKnown else { return .none }
        let intact = CRC32C.checksum(payload) == header.checksum
        switch header.kind {
        case .message: return try message(header, intact: intact)
        case .end: return try end(header, intact: intact)
        default: break
        }
        guard intact else { throw ProtocolFault("\(header.kind) arrived damaged: its checksum is wrong") }
        switch header.kind {
        case .hello: return try hello(payload)
        case .error: return try error(header.stream, payload)
        case .credit: return try credit(header.stream, payload)
        case .goAway:
            if phase == .open { phase = .draining }
            return .goAway(decodeStatus(payload))
        case .ping:
            guard payload.byteCount <= Limits.pingPayload else {
                throw ProtocolFault("the service's PING has more than \(Limits.pingPayload) bytes")
            }
            return .ping
        case .pong: return .none
        default: throw ProtocolFault("the service sent \(header.kind), which only a client may send")
        }
    }

    private mutating func hello(_ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        guard phase == .handshake else { throw ProtocolFault("the service sent a second HELLO") }
        let hello: ServerHello
        do {
            hello = try ServerHello(decoding: payload)
        } catch {
            throw ProtocolFault("the service's HELLO cannot be decoded: \(error)")
        }
        guard hello.protocolVersion == 1 else {
            throw ProtocolFault(
                "the service chose protocol version \(hello.protocolVersion); this client speaks version 1")
        }
        guard hello.maxInFlight > 0 else {
            throw ProtocolFault("the service's HELLO allows no request (max_in_flight)")
        }
        peerWindow = Int64(hello.streamWindow)
        maxOutgoing = Int(hello.maxFrame)
        allowedInFlight = min(Int(hello.maxInFlight), Self.maxInFlight)
        phase = .open
        return .opened(hello)
    }

    private mutating func message(_ header: FrameHeader, intact: Bool) throws(ProtocolFault) -> ReceivedAction {
        let stream = header.stream
        let state = try known(stream, "a message")
        let last = header.flags.contains(.end)
        guard last || state.streamsResponse else {
            throw ProtocolFault("the service sent more than one message in response to call \(stream), which has one")
        }
        if state.streamsResponse {
            guard state.receiveCredit > 0 else {
                throw ProtocolFault("the service sent a message on stream \(stream) without credit for it")
            }
            update(stream) { $0.receiveCredit -= Int64(header.payloadLength) + Int64(Limits.messageOverhead) }
        }
        if last { release(stream) }
        if state.phase == .cancelled { return last ? .released(stream: stream) : .none }
        if intact { return .message(stream: stream, last: last) }
        if !last { update(stream) { $0.phase = .cancelled } }
        return .damaged(stream: stream, last: last)
    }

    private mutating func end(_ header: FrameHeader, intact: Bool) throws(ProtocolFault) -> ReceivedAction {
        let stream = header.stream
        guard intact, header.payloadLength == 0 else { throw ProtocolFault("END with a payload, or damaged") }
        let state = try known(stream, "the end")
        guard state.streamsResponse || state.phase == .cancelled else {
            throw ProtocolFault("the service ended call \(stream) without a response")
        }
        release(stream)
        return state.phase == .cancelled ? .released(stream: stream) : .ended(stream: stream)
    }

    private mutating func error(_ stream: UInt32, _ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        let state = try known(stream, "an error")
        release(stream)
        return state.phase == .cancelled ? .released(stream: stream) : .failed(stream: stream, decodeStatus(payload))
    }

    private mutating func credit(_ stream: UInt32, _ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        guard stream != 0 else { throw ProtocolFault("the service granted credit to stream 0") }
        guard let credit = try? Credit(decoding: payload) else {
            throw ProtocolFault("the service's CREDIT for stream \(stream) cannot be decoded")
        }
        // A legal race: the CREDIT and our last message crossed, or the caller has cancelled.
        guard let state = self[stream], state.phase == .open, state.sending else { return .none }
        guard state.sendCredit <= Int64(Int32.max) else {
            throw ProtocolFault("the service granted more than 2^31 bytes of credit to stream \(stream)")
        }
        update(stream) { $0.sendCredit += Int64(credit.bytes) }
        return .credit(stream: stream)
    }

    /// An ERROR whose status cannot be decoded still ends its stream.
    private func decodeStatus(_ payload: RawSpan) -> Status {
        (try? Status(decoding: payload))
            ?? Status(code: StatusCode.internal.rawValue, message: "the service's status cannot be decoded")
    }

    // MARK: The table

    private subscript(stream: UInt32) -> StreamState? {
        guard stream > 0, stream <= UInt32(clamping: streams.count) else { return nil }
        let state = streams[Int(stream) - 1]
        return state.phase == .free ? nil : state
    }

    private func known(_ stream: UInt32, _ what: String) throws(ProtocolFault) -> StreamState {
        guard let state = self[stream] else {
            throw ProtocolFault("the service sent \(what) on stream \(stream), where no request is in flight")
        }
        return state
    }

    private mutating func update(_ stream: UInt32, _ change: (inout StreamState) -> Void) {
        guard stream > 0, stream <= UInt32(clamping: streams.count) else { return }
        change(&streams[Int(stream) - 1])
    }

    private mutating func release(_ stream: UInt32) {
        update(stream) { $0.phase = .free }
        freeStreams.append(stream)
        inFlight -= 1
    }
}

extension FrameKind {
    /// Whether version 1 defines this kind.
    fileprivate var isKnown: Bool { rawValue >= FrameKind.hello.rawValue && rawValue <= FrameKind.end.rawValue }
}

/// The state of one stream at the client. Its entry in the table becomes free when the service has sent the last frame,
/// and not before.
struct StreamState {
    enum Phase {
        /// No request uses this number.
        case free
        /// A request is in flight.
        case open
        /// The caller no longer waits. The last frame has not arrived.
        case cancelled
    }

    var phase = Phase.free
    /// The response may have several messages.
    var streamsResponse = false
    /// The client has more to send.
    var sending = false
    /// Bytes that the client may still send. One message may take this below zero.
    var sendCredit: Int64 = 0
    /// Bytes that the service may still send.
    var receiveCredit: Int64 = 0
}

/// What a connection must do about a frame from the service.
enum ReceivedAction: Equatable {
    /// Nothing: an unknown kind, or a race that the protocol allows.
    case none
    /// The handshake is complete.
    case opened(ServerHello)
    /// The payload is a message for the stream's caller. `last`: the stream has ended and its number is free.
    case message(stream: UInt32, last: Bool)
    /// The stream ended without an error and without another message.
    case ended(stream: UInt32)
    /// The stream ended with an error.
    case failed(stream: UInt32, Status)
    /// The payload's checksum is wrong. `last`: the stream has ended and its number is free. Otherwise send CANCEL.
    case damaged(stream: UInt32, last: Bool)
    /// A cancelled stream has ended; its number is free.
    case released(stream: UInt32)
    /// More may be sent on the stream.
    case credit(stream: UInt32)
    /// Send the payload back as a PONG.
    case ping
    /// Send no new requests on this connection.
    case goAway(Status)
}

/// The service broke the protocol. The connection cannot continue.
struct ProtocolFault: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
}

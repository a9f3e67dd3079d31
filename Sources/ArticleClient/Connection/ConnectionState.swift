import ArticleProtocol

/// The client's side of one connection, without the socket: what may be sent, what may come, and what it means.
/// Everything that comes is untrusted. Each method answers with what to do; none does it.
struct ConnectionState: ~Copyable {
    enum Phase: Equatable {
        /// Our hello is on its way, the service's has not come.
        case handshake
        case open
        /// The service wants no new requests here; those in flight finish.
        case goingAway
    }

    private(set) var phase = Phase.handshake
    /// How many requests await their terminal frame.
    private(set) var inFlight = 0
    /// The largest payload that the service takes. Until its hello: the protocol's smallest promise.
    private(set) var largestOutgoing = Limits.smallestMaxFrame

    private let largestIncoming: Int
    private let window: Int64
    private var peerWindow: Int64 = 0
    private var maximumInFlight = 0
    private var streams: [StreamState] = []
    private var freeStreams: [UInt32] = []

    /// More requests than this on one connection help nobody, whatever the service allows: the table must stay small.
    static let mostInFlight = 1 << 16

    /// The service's hello may be so large, whatever this client takes later.
    static let largestHello = 256 << 10

    init(largestIncoming: Int, window: Int) {
        self.largestIncoming = largestIncoming
        self.window = Int64(window)
    }

    // MARK: What the client wants

    var hasRoom: Bool { phase == .open && inFlight < maximumInFlight }

    /// A new request's stream id. `nil`: not now.
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

    /// A message of so many bytes is on its way.
    mutating func sent(_ bytes: Int, last: Bool, on stream: UInt32) {
        update(stream) {
            $0.sendCredit -= Int64(bytes + Limits.messageOverhead)
            if last { $0.sending = false }
        }
    }

    /// END is on its way.
    mutating func ended(_ stream: UInt32) { update(stream) { $0.sending = false } }

    /// The caller took `bytes` of the answer. Whether the service must be told.
    mutating func grant(_ bytes: Int, on stream: UInt32) -> Bool {
        guard let state = self[stream], state.phase == .open, state.streamsResponse else { return false }
        update(stream) { $0.receiveCredit += Int64(bytes) }
        return true
    }

    /// The caller has gone. Whether a CANCEL is due.
    mutating func abandon(_ stream: UInt32) -> Bool {
        guard self[stream]?.phase == .open else { return false }
        update(stream) { $0.phase = .abandoned }
        return true
    }

    // MARK: What the service sends

    /// Checks a header before its payload is waited for.
    func admit(_ header: FrameHeader) throws(ProtocolFault) {
        let most = phase == .handshake ? Self.largestHello : largestIncoming
        guard Int(header.payloadLength) <= most else {
            throw ProtocolFault("the service sent a frame of \(header.payloadLength) bytes; this client takes \(most)")
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

    /// Takes a frame whose header was admitted and whose payload is complete.
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
            if phase == .open { phase = .goingAway }
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
        guard phase == .handshake else { throw ProtocolFault("the service sent a second hello") }
        let hello: ServerHello
        do {
            hello = try ServerHello(decoding: payload)
        } catch {
            throw ProtocolFault("the service's hello cannot be understood: \(error)")
        }
        guard hello.protocolVersion == 1 else {
            throw ProtocolFault(
                "the service chose protocol version \(hello.protocolVersion); this client speaks version 1")
        }
        peerWindow = Int64(hello.streamWindow)
        largestOutgoing = Int(hello.maxFrame)
        maximumInFlight = min(Int(hello.maxInFlight), Self.mostInFlight)
        phase = .open
        return .opened(hello)
    }

    private mutating func message(_ header: FrameHeader, intact: Bool) throws(ProtocolFault) -> ReceivedAction {
        let stream = header.stream
        let state = try known(stream, "a message")
        let last = header.flags.contains(.end)
        guard last || state.streamsResponse else {
            throw ProtocolFault("the service sent more than one message in answer to the one-message call \(stream)")
        }
        if state.streamsResponse {
            guard state.receiveCredit > 0 else {
                throw ProtocolFault("the service sent a message on stream \(stream) without credit for it")
            }
            update(stream) { $0.receiveCredit -= Int64(header.payloadLength) + Int64(Limits.messageOverhead) }
        }
        if last { release(stream) }
        if state.phase == .abandoned { return last ? .released(stream: stream) : .none }
        if intact { return .message(stream: stream, last: last) }
        if !last { update(stream) { $0.phase = .abandoned } }
        return .damaged(stream: stream, last: last)
    }

    private mutating func end(_ header: FrameHeader, intact: Bool) throws(ProtocolFault) -> ReceivedAction {
        let stream = header.stream
        guard intact, header.payloadLength == 0 else { throw ProtocolFault("END with a payload, or damaged") }
        let state = try known(stream, "the end")
        guard state.streamsResponse || state.phase == .abandoned else {
            throw ProtocolFault("the service ended the call \(stream) without an answer")
        }
        release(stream)
        return state.phase == .abandoned ? .released(stream: stream) : .ended(stream: stream)
    }

    private mutating func error(_ stream: UInt32, _ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        let state = try known(stream, "an error")
        release(stream)
        return state.phase == .abandoned ? .released(stream: stream) : .failed(stream: stream, decodeStatus(payload))
    }

    private mutating func credit(_ stream: UInt32, _ payload: RawSpan) throws(ProtocolFault) -> ReceivedAction {
        guard stream != 0 else { throw ProtocolFault("the service granted credit to stream 0") }
        guard let credit = try? Credit(decoding: payload) else {
            throw ProtocolFault("the service's credit for stream \(stream) cannot be understood")
        }
        // A legal race: the grant and our last message crossed, or the caller has gone.
        guard let state = self[stream], state.phase == .open, state.sending else { return .none }
        guard state.sendCredit <= Int64(Int32.max) else {
            throw ProtocolFault("the service granted more than 2^31 bytes of credit to stream \(stream)")
        }
        update(stream) { $0.sendCredit += Int64(credit.bytes) }
        return .credit(stream: stream)
    }

    /// An error whose status cannot be read is still the end of its stream.
    private func decodeStatus(_ payload: RawSpan) -> Status {
        (try? Status(decoding: payload))
            ?? Status(code: StatusCode.internal.rawValue, message: "the service's status cannot be understood")
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
    /// One of those that version 1 defines.
    fileprivate var isKnown: Bool { rawValue >= FrameKind.hello.rawValue && rawValue <= FrameKind.end.rawValue }
}

/// One stream of a connection, as the client sees it. Its place in the table is free again once the service has
/// sent the stream's terminal frame, and not before.
struct StreamState {
    enum Phase {
        /// No request uses this id.
        case free
        /// A request is in flight.
        case open
        /// The caller has gone; the terminal frame is still to come.
        case abandoned
    }

    var phase = Phase.free
    /// The answer may have several messages.
    var streamsResponse = false
    /// Our side has more to send.
    var sending = false
    /// Bytes that we may still send. A message may take it below zero once.
    var sendCredit: Int64 = 0
    /// Bytes that the service may still send.
    var receiveCredit: Int64 = 0
}

/// What a frame from the service asks of the connection that received it.
enum ReceivedAction: Equatable {
    /// Nothing: an unknown kind, or a race that the protocol allows.
    case none
    /// The handshake is done.
    case opened(ServerHello)
    /// The payload is a message for the stream's caller; `last`: the stream is over and its id free.
    case message(stream: UInt32, last: Bool)
    /// The stream ended well, without a further message.
    case ended(stream: UInt32)
    /// The stream ended with an error.
    case failed(stream: UInt32, Status)
    /// The payload's checksum is wrong. `last`: the stream is over and its id free; else a CANCEL is due.
    case damaged(stream: UInt32, last: Bool)
    /// The stream's caller had gone already; its id is free now.
    case released(stream: UInt32)
    /// More may be sent on the stream.
    case credit(stream: UInt32)
    /// The payload is to be sent back as a PONG.
    case ping
    /// No new requests on this connection.
    case goAway(Status)
}

/// The service broke the protocol; the connection cannot go on.
struct ProtocolFault: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
}

internal import ArticleProtocol
internal import CPluginABI

/// The protocol's side of one connection: understands frames, knows the requests in flight, and puts frames into the
/// outgoing buffer. It knows no socket, so tests feed it bytes and read its answers. PROTOCOL.md is its specification.
@safe final class Session {
    let peer: Peer
    /// What all connections of the peer hold together.
    let account: PeerAccount
    /// What the peer may do: a set of `ARTICLED_ROLE_*`.
    private(set) var roles: UInt32
    let outgoing: OutgoingBuffer
    /// Where to say that there is something to write. nil in tests and after the end.
    unowned(unsafe) var connection: Connection? = nil  // cleared by `close`, before the connection goes
    /// A cycle for as long as the connection is open: `EventLoop.remove` breaks it.
    let loop: EventLoop

    private(set) var phase = Phase.greeting
    private(set) var lastActivity: UInt64
    private(set) var terms: SessionTerms
    /// Of a client that shook hands with a former process and calls the methods by other numbers; usually nil.
    private(set) var methods: ClientMethods?
    /// Requests of this session that their plugin has not ended, abandoned ones too.
    var inFlight = 0
    /// Those in flight that the client waits for, by stream.
    var streams: [UInt32: RequestPointer] = unsafe [:]
    /// Those whose `send` was answered BLOCKED for want of room.
    var blocked: [RequestPointer] = unsafe []

    /// Requests that took long, and whose answers wait to be written.
    private var slow: [SlowRequest] = []

    /// The client sends no more frames.
    private(set) var hasInputEnded = false

    /// What the client said in its HELLO.
    var clientMaxFrame = 0
    var clientWindow: Int64 = 0

    enum Phase {
        /// The client's HELLO must come first.
        case greeting
        case established
        /// GO_AWAY was sent or received: requests in flight are finished, no new one is taken.
        case draining
        /// The last frame is in the outgoing buffer.
        case over
        case closed
    }

    init(peer: Peer, account: PeerAccount, loop: EventLoop, outgoing: OutgoingBuffer) {
        self.peer = peer
        self.account = account
        roles = peer.roles
        self.loop = loop
        self.outgoing = outgoing
        lastActivity = loop.now
        terms = SessionTerms(loop.configuration.limits)
    }

    /// Those of now; what the client was promised is in `terms`.
    var limits: ServiceLimits { loop.configuration.limits }
    var isEstablished: Bool { phase != .greeting }
    private var isAdministrator: Bool { roles & AccessPolicy.administer != 0 }

    /// Whether more may be buffered for the peer.
    @inline(__always)
    func mayBuffer(_ use: Quota.Use) -> Bool { account.mayBuffer(use, isAdministrator: isAdministrator) }

    /// Whether the peer may have one more request in flight.
    @inline(__always)
    func mayBegin(_ use: Quota.Use) -> Bool { account.mayBegin(use, isAdministrator: isAdministrator) }

    var isOver: Bool { phase == .over }
    var isDrained: Bool { phase == .draining && inFlight == 0 }

    func received(at now: UInt64) { lastActivity = now }

    // MARK: Ending

    /// The peer broke the protocol: says how, and ends the connection.
    func violated(_ what: String) {
        loop.counters.protocolErrors.add(1)
        loop.context.journal.violated(what, peer)
        goAway(.protocolError, what)
    }

    /// Ends the connection with a reason.
    func goAway(_ code: StatusCode, _ message: String) {
        guard phase != .over, phase != .closed else { return }
        emit(.goAway, Status(code: code.rawValue, message: message))
        phase = .over
        abandonAll(code == .protocolError ? .cancelled : code)
    }

    /// The client sends no more frames. What it has asked for is answered, but a stream that it has not ended never will be,
    /// nor one whose answer waits for credit.
    ///
    /// - Returns: whether there was such a stream, and an answer to it is to be written.
    func inputEnded() -> Bool {
        hasInputEnded = true
        if phase == .greeting { phase = .over }
        let inFlight = unsafe streams.count
        let all = unsafe Array(streams.values)
        for index in unsafe all.indices {
            let slot = unsafe all[index]
            if unsafe !slot.pointee.clientEnded {
                unsafe RequestTable.conclude(slot, .cancelled, "the connection's input ended before the stream did")
            } else if unsafe slot.pointee.isBlocked && slot.pointee.sendCredit <= 0 {
                unsafe RequestTable.concludeForWantOfCredit(slot)
            }
        }
        return unsafe streams.count < inFlight
    }

    /// Takes no new requests; those in flight are finished.
    func drain() {
        switch phase {
        case .greeting: goAway(.unavailable, "the service is stopping; connect again")
        case .established:
            emit(
                .goAway,
                Status(code: StatusCode.unavailable.rawValue, message: "the service is stopping; connect again"))
            phase = .draining
        case .draining, .over, .closed: break
        }
    }

    func establish() { phase = .established }

    /// Goes on where a former process was, whose HELLO the client knows.
    func resume(_ record: HandoverConnection, _ methods: ClientMethods?) {
        terms = record.terms
        clientMaxFrame = Int(record.clientMaxFrame)
        clientWindow = Int64(record.clientWindow)
        self.methods = methods
        phase = .established
    }

    func clientGoes(_ header: FrameHeader) {
        guard header.flags.isEmpty, header.stream == 0 else { return violated("GO_AWAY has no flags and stream 0") }
        if phase == .established { phase = .draining }
        unsafe connection?.wroteToBuffer()
    }

    /// The connection is gone.
    func close(_ code: StatusCode) {
        phase = .closed
        unsafe connection = nil
        tellSlow(.never)
        abandonAll(code)
    }

    private func abandonAll(_ code: StatusCode) {
        unsafe blocked = []
        let all = unsafe Array(streams.values)
        unsafe streams = [:]
        for index in unsafe all.indices {
            let slot = unsafe all[index]
            guard unsafe slot.pointee.phase == .inFlight else { continue }
            unsafe RequestTable.count(slot, self, code)
            unsafe RequestTable.abandon(slot, code)
        }
    }

    /// The configuration gives the peer other roles from now on.
    func reconsider(_ policy: AccessPolicy) { roles = peer.roles(under: policy) }

    // MARK: Slow requests

    /// An answer that took long is in the outgoing buffer: it is told of when it is written.
    func note(_ request: SlowRequest) {
        // What comes of a whole batch that was held up is not worth the memory of all of it.
        if slow.count < 16 { slow.append(request) }
    }

    /// Whether there is something to tell once the outgoing buffer is written.
    var hasSlow: Bool { !slow.isEmpty }

    func tellSlow(_ written: SlowRequest.Written) {
        for request in slow { loop.context.journal.slow(request, written: written) }
        slow = []
    }

    // MARK: Output

    /// Everything that waited was written: who was blocked for want of room may go on.
    func drained() {
        guard unsafe !blocked.isEmpty else { return }
        let waiting = unsafe blocked
        unsafe blocked = []
        for index in unsafe waiting.indices {
            let slot = unsafe waiting[index]
            if unsafe slot.pointee.phase == .inFlight && slot.pointee.isBlocked { unsafe RequestTable.unblock(slot) }
        }
    }

    /// Puts a frame with a message of articled's own into the outgoing buffer.
    func emit(_ kind: FrameKind, stream: UInt32 = 0, _ message: some ProtocolMessage) {
        emit(kind, stream: stream, message.encoded())
    }

    func emit(_ kind: FrameKind, stream: UInt32 = 0, _ payload: [UInt8]) {
        unsafe payload.withUnsafeBytes { bytes in
            let header = unsafe FrameHeader(
                payloadLength: UInt32(bytes.count), kind: kind, flags: [], method: 0, stream: stream,
                checksum: CRC32C.checksum(bytes))
            let memory = unsafe outgoing.extend(by: FrameHeader.size + bytes.count)
            unsafe header.encode(to: memory)
            if let base = bytes.baseAddress {
                unsafe (memory + FrameHeader.size).copyMemory(from: base, byteCount: bytes.count)
            }
        }
        unsafe connection?.wroteToBuffer()
    }
}

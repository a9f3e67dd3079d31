// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import TLSTransport

/// The protocol's side of one connection: processes frames, tracks the requests in flight, and puts frames into the
/// outgoing buffer. It knows no socket, so tests feed it bytes and read its answers. PROTOCOL.md is the specification.
@safe final class Session {
    private(set) var peer: Peer
    /// What all connections of the peer together hold.
    let account: PeerAccount
    /// The peer's roles: a set of `ARTICLED_ROLE_*`.
    private(set) var roles: UInt32
    let outgoing: OutgoingBuffer
    /// Told when there is something to write. nil in tests and after the end.
    unowned(unsafe) var connection: ClientConnection? = nil  // cleared by `close`, before the connection goes
    /// A reference cycle while the connection is open. `EventLoop.remove` breaks it.
    let loop: EventLoop

    private(set) var phase = Phase.greeting
    private(set) var lastActivity: UInt64
    private(set) var terms: SessionTerms
    /// The methods of a client that shook hands with a previous process and uses other numbers; usually nil.
    private(set) var methods: ClientMethods?
    /// Requests that their plugin has not ended, including abandoned ones.
    var inFlight = 0
    /// The requests in flight that the client waits for, by stream.
    var streams: [UInt32: RequestPointer] = unsafe [:]
    /// The requests whose `send` was answered BLOCKED because the buffer was full.
    var blocked: [RequestPointer] = unsafe []

    /// Slow requests whose answers are not written yet.
    private var slow: [SlowRequest] = []

    /// The client sends no more frames.
    private(set) var hasInputEnded = false
    /// The client may not know of our GO_AWAY yet: requests that it sent before may still arrive, and must be refused.
    private(set) var awaitsPong = false

    /// From the client's HELLO.
    var clientMaxFrame = 0
    var clientWindow: Int64 = 0

    enum Phase {
        /// The client's HELLO must come first.
        case greeting
        case established
        /// GO_AWAY was sent or received. Requests in flight finish; new ones are refused.
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

    /// The current limits. What the client was promised is in `terms`.
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
    var isDraining: Bool { phase == .draining }
    var isDrained: Bool { phase == .draining && inFlight == 0 && (!awaitsPong || hasInputEnded) }

    func received(at now: UInt64) { lastActivity = now }

    // MARK: ExitMode

    /// The peer violated the protocol. Tells it how, and ends the connection.
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

    /// The client sends no more frames. Its requests are still answered, except streams that it has not ended, answers
    /// that wait for credit, and those without an end, which it can no longer cancel: those fail.
    ///
    /// - Returns: whether there was such a stream, so that an error is to be written.
    func inputEnded() -> Bool {
        hasInputEnded = true
        if phase == .greeting { phase = .over }
        let inFlight = unsafe streams.count
        let all = unsafe Array(streams.values)
        for index in unsafe all.indices {
            let slot = unsafe all[index]
            if unsafe !slot.pointee.clientEnded {
                unsafe RequestTable.endWithError(slot, .cancelled, "the connection's input ended before the stream did")
            } else if unsafe slot.pointee.isBlocked && slot.pointee.sendCredit <= 0 {
                unsafe RequestTable.failForLackOfCredit(slot)
            } else if unsafe loop.context.router.target(slot.pointee.route).isEndless {
                unsafe RequestTable.endWithError(
                    slot, .cancelled, "the connection's input ended, and this stream does not end by itself")
            }
        }
        return unsafe streams.count < inFlight
    }

    /// Refuses new requests. Those in flight finish.
    ///
    /// A request may be on its way while GO_AWAY is. Closing would lose it, and its client could not know that it was not
    /// carried out. So a PING follows: behind its PONG nothing new comes.
    func drain(_ reason: String = "the service is stopping; connect again") {
        switch phase {
        case .greeting: goAway(.unavailable, reason)
        case .established:
            emit(.goAway, Status(code: StatusCode.unavailable.rawValue, message: reason))
            emit(.ping, [])
            awaitsPong = true
            phase = .draining
        case .draining, .over, .closed: break
        }
    }

    /// The client has seen GO_AWAY, or does not answer.
    func endWaitForPong() { awaitsPong = false }

    func establish() { phase = .established }

    /// Takes over from a previous process, whose HELLO the client has.
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
        endWaitForPong()
        unsafe connection?.wroteToBuffer()
    }

    /// The connection is gone.
    func close(_ code: StatusCode) {
        phase = .closed
        unsafe connection = nil
        reportSlow(.never)
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

    /// The TLS handshake is complete. Its certificate may give the peer roles.
    func authenticated(_ certificate: TLSCertificate?) {
        peer.authenticate(certificate)
        roles = peer.roles(under: loop.configuration.access)
    }

    /// Updates the peer's roles after a reload.
    func configurationChanged(_ policy: AccessPolicy) { roles = peer.roles(under: policy) }

    // MARK: Slow requests

    /// Reports a slow request once its answer is written.
    func addSlow(_ request: SlowRequest) {
        // A delayed batch of requests is not worth the memory for all of them.
        if slow.count < 16 { slow.append(request) }
    }

    /// Whether there are slow requests to report once the outgoing buffer is written.
    var hasSlow: Bool { !slow.isEmpty }

    func reportSlow(_ written: SlowRequest.Written) {
        for request in slow { loop.context.journal.slow(request, written: written) }
        slow = []
    }

    // MARK: Output

    /// The outgoing buffer is empty. Requests that were blocked by it may send again.
    func outputDrained() {
        guard unsafe !blocked.isEmpty else { return }
        let waiting = unsafe blocked
        unsafe blocked = []
        for index in unsafe waiting.indices {
            let slot = unsafe waiting[index]
            if unsafe slot.pointee.phase == .inFlight && slot.pointee.isBlocked { unsafe RequestTable.unblock(slot) }
        }
    }

    /// Puts a frame with one of articled's own messages into the outgoing buffer.
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

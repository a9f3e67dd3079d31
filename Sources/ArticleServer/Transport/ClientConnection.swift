// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime
internal import TLSTransport

/// One client's socket. Moves bytes between the socket and the `Session` that processes them.
///
/// Confined to its loop's thread. Bytes are read into the loop's own memory and processed there; only an incomplete
/// frame is kept. The session's answers leave in one write. If a peer does not read its answers, it is read from only
/// until its next request: its credit must still come through, or both sides would wait for each other.
@safe final class ClientConnection {
    let descriptor: Int32
    let token: UInt64
    /// A reference cycle while the connection is open. `EventLoop.remove` breaks it.
    let loop: EventLoop
    let session: Session
    let account: PeerAccount
    let incoming = IncomingBuffer()
    let outgoing: OutgoingBuffer
    var interest: Poller.Readiness = .readable
    var state = State.open
    var isServing = false
    /// Among the kept bytes is a frame that waits until the peer reads. Nothing more is read from the peer before that.
    var hasHeldBack = false
    private var isQueued = false
    private var countedBytes = 0
    /// nil for a plain connection, and for a closed one.
    var tls: TLSSession?
    /// The connection counts as a handshake under way.
    var holdsHandshake = false
    /// It is in the loop's queue of handshakes, or of connections with unread bytes.
    var isHandshakeQueued = false
    var isUnreadQueued = false
    private var hasEndedSending = false
    /// What was read ahead, and where it is.
    var ahead: (transfer: StreamSocket.Transfer, memory: UnsafeMutableRawPointer)?
    /// The last read brought more than a read-ahead holds.
    var readsInBulk = false
    var deadline = UInt64.max
    /// Whether the peer continues the frame that it has begun, and whether it reads its answers.
    var sending = PeerProgress()
    var reading = PeerProgress()

    enum State {
        case open
        /// The peer sends no more. Its requests are still answered.
        case inputEnded
        /// The next process takes over. Nothing more is read; requests in flight are still answered.
        case paused
        /// The last frame is in the outgoing buffer. Input is discarded until the peer closes too.
        case closing
        case closed
    }

    /// Responses are written when so much has gathered: half a block, which stays in the processor's cache.
    static let writeThreshold = BufferPool.blockSize / 2
    /// The same for a peer that has used its share of buffers. Also the most that is read from it at a time.
    static let scantThreshold = 16 * 1024
    /// How long the socket stays open after the last frame, so that the peer can read it. How long a peer has to answer
    /// GO_AWAY.
    static let lingerTime: UInt64 = 2_000_000_000

    init(
        descriptor: Int32, token: UInt64, peer: Peer, account: PeerAccount, loop: EventLoop, outgoing: OutgoingBuffer,
        tls: TLSSession? = nil
    ) {
        self.tls = tls
        outgoing.tls = tls
        self.descriptor = descriptor
        self.token = token
        self.loop = loop
        self.outgoing = outgoing
        self.account = account
        outgoing.account = account
        session = Session(peer: peer, account: account, loop: loop, outgoing: outgoing)
    }

    deinit { if state != .closed { Descriptor.close(descriptor) } }

    func start() {
        unsafe session.connection = self
        setDeadline(loop.configuration.limits.helloTimeoutNanoseconds)
    }

    func serve(_ readiness: Poller.Readiness) {
        guard state != .closed else { return }
        if isHandshaking {
            if !isHandshakeQueued { loop.handshakeLater(self) }
            isHandshakeQueued = true
            return
        }
        if readiness.contains(.failed) { return close(.unavailable) }
        isServing = true
        if readiness.contains(.writable) {
            guard write() else { return }
        }
        if readiness.contains(.readable), interest.contains(.readable) { read() }
        unsafe ahead = nil
        isServing = false
        guard state != .closed else { return }
        // The peer has closed both directions. Nobody reads an answer.
        if readiness.contains(.hungUp), !readiness.contains(.readable) || state == .inputEnded {
            return close(.unavailable)
        }
        // A large answer is written at once, so that the answers of others stay in the cache.
        if loop.isBatching, !outgoing.isEmpty, outgoing.count < Self.writeThreshold { return wroteToBuffer() }
        finishTurn()
    }

    /// The session has put something into the outgoing buffer, possibly outside of this connection's turn.
    func wroteToBuffer() {
        guard !isServing, !isQueued, state != .closed else { return }
        isQueued = true
        loop.writeLater(self)
    }

    /// Writes what `writeLater` has queued.
    func writeOut() {
        isQueued = false
        guard state != .closed, write() else { return }
        finishTurn()
    }

    /// Sends GO_AWAY, and closes when all requests are answered.
    func drain(_ reason: String = "the service is stopping; connect again") {
        guard state != .closed else { return }
        // It knows no frames yet.
        if isHandshaking { return close(.unavailable) }
        isServing = true
        session.drain(reason)
        if session.awaitsPong { setDeadline(Self.lingerTime) }
        _ = write()
        finishTurn()
    }

    func sendGoAway(_ code: StatusCode, _ message: String) {
        isServing = true
        session.goAway(code, message)
        _ = write()
        finishTurn()
    }

    /// Writes what there is.
    ///
    /// - Returns: false if that closed the connection.
    func write() -> Bool {
        guard !outgoing.isEmpty else { return state != .closed }
        guard let count = outgoing.write(to: descriptor) else {
            close(.unavailable)
            return false
        }
        loop.counters.bytesSent.add(UInt64(count))
        reading.advance(by: count, enough: 1, at: loop.now)
        if outgoing.isEmpty { session.outputDrained() }
        return state != .closed
    }

    /// Ends every turn of the connection: processes frames that were held back, and decides what to wait for next.
    /// Until here `isServing` is set, so that the session does not ask for a write.
    func finishTurn() {
        isServing = true
        processHeldBack()
        isServing = false
        // Nothing is written from here on. Room at the peer would also let frames continue that were held back.
        guard state != .closed else { return }
        if session.isOver, state == .open || state == .inputEnded {
            state = .closing
            incoming.release()
            setDeadline(Self.lingerTime)
        }
        if outgoing.isEmpty {
            if session.hasSlow { session.reportSlow(.at(MonotonicClock.now)) }
            switch state {
            case .closing:
                endSending()
            case .inputEnded where session.inFlight == 0:
                return close(.unavailable)
            case .open where session.isDrained, .inputEnded where session.isDrained:
                return close(.unavailable)
            default: break
            }
        }
        countBuffers()
        var wanted: Poller.Readiness = []
        if !outgoing.isEmpty { wanted.insert(.writable) }
        let stalled = hasHeldBack || !outgoing.isEmpty && !session.mayBuffer(.bulk)
        if state == .closing || state == .open && !stalled { wanted.insert(.readable) }
        if hasUnread, state == .open, !stalled, !isUnreadQueued {
            isUnreadQueued = true
            loop.readLater(self)
        }
        if wanted != interest {
            interest = wanted
            loop.watch(self, for: wanted)
        }
        watchProgress()
    }

    private func endSending() {
        guard !hasEndedSending else { return }
        hasEndedSending = true
        tls?.endSending()
        StreamSocket.endSending(descriptor)
    }

    /// Updates the totals of buffered bytes.
    func countBuffers() {
        let held = incoming.capacity + outgoing.countInBlock + (tls?.memory ?? 0)
        if held != countedBytes {
            account.buffer(held - countedBytes)
            countedBytes = held
        }
    }

    /// Closes at once; requests in flight are cancelled with `code`.
    func close(_ code: StatusCode) {
        guard state != .closed else { return }
        tls?.endSending()
        detach()
        Descriptor.close(descriptor)
        session.close(code)
    }

    func detach() {
        state = .closed
        if countedBytes != 0 { account.buffer(-countedBytes) }
        countedBytes = 0
        // Now, and not when the last request ends: its plugin may take long.
        incoming.release()
        outgoing.release()
        releaseTLS()
        loop.remove(self)
    }
}

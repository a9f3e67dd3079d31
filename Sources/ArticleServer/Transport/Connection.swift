internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime

/// One client's socket: moves bytes between it and the `Session` that understands them.
///
/// Confined to its loop's thread. Reads go to the loop's own memory and are understood there; only an incomplete
/// frame is kept. What the session answers leaves in one write. A peer that does not take what was written is read from
/// only until it asks for more: its credit must still come through, or the two would wait for each other.
@safe final class Connection {
    let descriptor: Int32
    let token: UInt64
    /// A cycle for as long as the connection is open: `EventLoop.remove` breaks it.
    let loop: EventLoop
    let session: Session
    let account: PeerAccount
    let incoming = IncomingBuffer()
    let outgoing: OutgoingBuffer
    var interest: Poller.Readiness = .readable
    var state = State.open
    var isServing = false
    /// Among the kept bytes is a frame that waits until the peer reads: nothing more is read from it before that.
    var holdsBack = false
    private var isQueued = false
    private var accounted = 0
    /// What was read ahead of the turn, and where it lies.
    var ahead: (transfer: StreamSocket.Transfer, memory: UnsafeMutableRawPointer)?
    /// More came at once lately than a read ahead takes.
    var readsMuch = false
    var deadline = UInt64.max
    /// Whether the peer goes on with the frame that it has begun, and reads what it is answered.
    var sending = Progress()
    var reading = Progress()

    enum State {
        case open
        /// The peer sends no more; what it asked for is still answered.
        case inputEnded
        /// The process ends and the next one goes on: nothing more is read, what is in flight is still answered.
        case paused
        /// What is in the outgoing buffer is the last; what still comes in is thrown away, until the peer closes too.
        case closing
        case closed
    }

    /// Responses are written whenever so much has gathered: half of a block, which stays in the cache.
    static let writeThreshold = BufferPool.blockSize / 2
    /// The same for a peer that has its share of buffers in use, and the most that is read from it at a time.
    static let scantThreshold = 16 * 1024
    /// How long a peer is listened to after the last word: it may not have read that yet.
    private static let lingering: UInt64 = 2_000_000_000

    init(
        descriptor: Int32, token: UInt64, peer: Peer, account: PeerAccount, loop: EventLoop, outgoing: OutgoingBuffer
    ) {
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
        if readiness.contains(.failed) { return close(.unavailable) }
        isServing = true
        if readiness.contains(.writable) {
            guard write() else { return }
        }
        if readiness.contains(.readable), interest.contains(.readable) { read() }
        unsafe ahead = nil
        isServing = false
        guard state != .closed else { return }
        // The peer has closed both directions: nobody is there to answer to.
        if readiness.contains(.hungUp), !readiness.contains(.readable) || state == .inputEnded {
            return close(.unavailable)
        }
        // Not if there is so much that it would be written without asking: others' answers are to stay in the cache.
        if loop.isGathering, !outgoing.isEmpty, outgoing.count < Self.writeThreshold { return wroteToBuffer() }
        settle()
    }

    /// The session has put something into the outgoing buffer, perhaps outside of this connection's turn.
    func wroteToBuffer() {
        guard !isServing, !isQueued, state != .closed else { return }
        isQueued = true
        loop.writeLater(self)
    }

    /// After the jobs of a turn.
    func writeOut() {
        isQueued = false
        guard state != .closed, write() else { return }
        settle()
    }

    func drain() {
        guard state != .closed else { return }
        isServing = true
        session.drain()
        _ = write()
        settle()
    }

    func say(_ code: StatusCode, _ message: String) {
        isServing = true
        session.goAway(code, message)
        _ = write()
        settle()
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
        if outgoing.isEmpty { session.drained() }
        return state != .closed
    }

    /// After whatever happened: what to wait for next. From the first word to the peer until here, `isServing` says that
    /// nobody has to ask for a write.
    func settle() {
        isServing = true
        goOn()
        isServing = false
        // From here on nothing is written: had the peer room for it, there might be frames that could go on.
        guard state != .closed else { return }
        if session.isOver, state == .open || state == .inputEnded {
            state = .closing
            incoming.release()
            setDeadline(Self.lingering)
        }
        if outgoing.isEmpty {
            if session.hasSlow { session.tellSlow(.at(MonotonicClock.now)) }
            switch state {
            case .closing:
                StreamSocket.endSending(descriptor)
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
        let stalled = holdsBack || !outgoing.isEmpty && !session.mayBuffer(.bulk)
        if state == .closing || state == .open && !stalled { wanted.insert(.readable) }
        if wanted != interest {
            interest = wanted
            loop.watch(self, for: wanted)
        }
        awaitProgress()
    }

    /// Keeps the totals of buffered bytes.
    private func countBuffers() {
        let held = incoming.capacity + outgoing.countInBlock
        if held != accounted {
            account.buffer(held - accounted)
            accounted = held
        }
    }

    /// Closes at once; requests in flight are cancelled with `code`.
    func close(_ code: StatusCode) {
        guard state != .closed else { return }
        forget()
        Descriptor.close(descriptor)
        session.close(code)
    }

    func forget() {
        state = .closed
        if accounted != 0 { account.buffer(-accounted) }
        accounted = 0
        // Not when the last request ends, whose plugin may take its time.
        incoming.release()
        outgoing.release()
        loop.remove(self)
    }
}

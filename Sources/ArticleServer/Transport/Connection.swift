internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime

/// One client's socket: moves bytes between it and the `Session` that understands them.
///
/// Confined to its loop's thread. Reads go to the loop's own memory and are understood there; only an incomplete
/// frame is kept. What the session answers leaves in one write. A peer that does not take what was written is read from
/// only until it asks for more: its credit must still come through, or the two would wait for each other.
///
/// All of it is in one file, because reading, writing and ending turn on the same few private variables.
@safe final class Connection {
    let descriptor: Int32
    let token: UInt64
    /// A cycle for as long as the connection is open: `EventLoop.remove` breaks it.
    private let loop: EventLoop
    private let session: Session
    let account: PeerAccount
    private let incoming = IncomingBuffer()
    private let outgoing: OutgoingBuffer
    private var interest: Poller.Readiness = .readable
    private var state = State.open
    private var isServing = false
    /// Among the kept bytes is a frame that waits until the peer reads: nothing more is read from it before that.
    private var holdsBack = false
    private var isQueued = false
    private var accounted = 0
    /// What was read ahead of the turn, and where it lies.
    private var ahead: (transfer: StreamSocket.Transfer, memory: UnsafeMutableRawPointer)?
    /// More came at once lately than a read ahead takes.
    private var readsMuch = false
    private var deadline = UInt64.max
    /// Whether the peer goes on with the frame that it has begun, and reads what it is answered.
    private var sending = Progress()
    private var reading = Progress()

    private enum State {
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
    private static let writeThreshold = BufferPool.blockSize / 2
    /// The same for a peer that has its share of buffers in use, and the most that is read from it at a time.
    private static let scantThreshold = 16 * 1024
    /// Within the time-out a frame must end, or so much of it must come. Of answers, any byte that is read counts: a
    /// socket tells of room only when there is a good deal of it.
    private static let leastProgress = 64 * 1024
    /// A frame that is this long or longer is read into memory of its own.
    private static let largeFrame = 8 * 1024
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

    // MARK: Events

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

    func lookAfterDeadline(at now: UInt64) {
        guard state != .closed else { return }
        if endStall(at: now) { return }
        guard now >= deadline else { return loop.wake(at: deadline) }
        deadline = .max
        switch state {
        case .closing: close(.unavailable)
        case .open, .inputEnded:
            let limits = loop.configuration.limits
            guard session.isEstablished else {
                return say(.deadlineExceeded, "no HELLO within \(limits.helloTimeoutMilliseconds) ms")
            }
            let idleSince = session.lastActivity
            let limit = limits.idleTimeoutNanoseconds
            guard limit > 0 else { return }
            if session.inFlight > 0 || !outgoing.isEmpty {
                setDeadline(limit)
            } else if now &- idleSince >= limit {
                say(.unavailable, "nothing asked for \(limits.idleTimeoutMilliseconds) ms; connect again when needed")
            } else {
                setDeadline(limit - (now &- idleSince))
            }
        case .paused, .closed: break
        }
    }

    /// Ends the connection if its peer has not gone on for too long with what memory is held for.
    ///
    /// - Returns: whether it did.
    private func endStall(at now: UInt64) -> Bool {
        guard state == .open || state == .inputEnded else { return false }
        let limits = loop.configuration.limits
        let limit = limits.stallTimeoutNanoseconds
        if let end = reading.end(within: limit) {
            guard now < end else {
                let waiting = outgoing.count
                loop.context.journal.stalled(
                    "\(waiting) bytes of answers were not read for \(limits.stallTimeoutMilliseconds) ms", session.peer)
                // Whatever is said now comes behind what it does not read.
                close(.unavailable)
                return true
            }
            wake(forStallAt: end)
        }
        if let end = sending.end(within: limit) {
            guard now < end else {
                let what = "a frame was begun, and not gone on with for \(limits.stallTimeoutMilliseconds) ms"
                loop.context.journal.stalled(what, session.peer)
                say(.deadlineExceeded, what)
                return true
            }
            wake(forStallAt: end)
        }
        return false
    }

    /// Nobody minds when a stall ends a little later, and so the loop looks after many of them at once.
    private func wake(forStallAt time: UInt64) {
        let grain: UInt64 = 1 << 27  // 134 ms
        loop.wake(at: (time | (grain - 1)))
    }

    /// The handshake is over: from now on the idle limit counts.
    func established() {
        let limit = loop.configuration.limits.idleTimeoutNanoseconds
        if limit > 0 { setDeadline(limit) } else { deadline = .max }
    }

    /// The configuration has changed.
    func reconsider() {
        session.reconsider(loop.configuration.access)
        if session.isEstablished, state == .open || state == .inputEnded { established() }
    }

    func drain() {
        guard state != .closed else { return }
        isServing = true
        session.drain()
        _ = write()
        settle()
    }

    private func setDeadline(_ nanoseconds: UInt64) {
        deadline = loop.now &+ nanoseconds
        loop.wake(at: deadline)
    }

    private func say(_ code: StatusCode, _ message: String) {
        isServing = true
        session.goAway(code, message)
        _ = write()
        settle()
    }

    // MARK: Handing over

    /// Reads no more, if the connection can be handed over: what comes from now on is for the next process to read.
    func pause() {
        rest()
        if state != .paused { drain() }
    }

    /// The same where that can be told, and nothing where it cannot; `endRest` takes it back.
    func rest() {
        guard state == .open, session.canBeHandedOver else { return }
        state = .paused
        settle()
    }

    /// Reads on.
    func endRest() {
        guard state == .paused else { return }
        state = .open
        if session.isEstablished {
            established()
        } else {
            setDeadline(loop.configuration.limits.helloTimeoutNanoseconds)
        }
        // Stalls were not looked after meanwhile.
        loop.wake(at: loop.now)
        settle()
    }

    /// Whether it is paused, and would be at rest but for requests that end by themselves.
    var keepsWaiting: Bool { isPaused && !session.isAtRest && !session.awaitsClient }

    /// Whether a request in flight began before that time and is the plugin's affair alone.
    func isSlow(since time: UInt64) -> Bool { session.isSlow(since: time) }

    var isPaused: Bool { state == .paused }
    /// Whether it is paused and all is answered.
    var isAtRest: Bool { isPaused && session.isAtRest }

    /// Gives up the pause of a connection that cannot come to rest: a stream of its needs to hear from the client, or
    /// the time is over.
    func endVainPause(isLate: Bool) {
        guard state == .paused, !session.isAtRest, isLate || session.awaitsClient else { return }
        state = .open
        if isLate { say(.unavailable, "the service is stopping; connect again") } else { drain() }
    }

    /// Lets go of the socket, which stays open, and tells what is needed to go on with it. Once `isAtRest`.
    func release() -> HandoverConnection {
        var record = session.record
        unsafe record.incoming = Array(incoming.bytes)
        unsafe record.outgoing = Array(outgoing.bytes)
        forget()
        session.close(.unavailable)
        return record
    }

    /// In place of `start`: goes on where a former process was.
    func resume(_ record: HandoverConnection, _ methods: ClientMethods?) {
        start()
        unsafe record.incoming.withUnsafeBytes { unsafe incoming.append($0) }
        unsafe record.outgoing.withUnsafeBytes { unsafe outgoing.append($0) }
        if record.isEstablished {
            session.resume(record, methods)
            established()
        }
        settle()
    }

    // MARK: Reading

    /// Reads what `serve` will understand in a moment, into memory that nobody else uses until then.
    func readAhead(into memory: UnsafeMutableRawPointer) {
        guard state == .open, interest == .readable, !readsMuch, incoming.isEmpty, outgoing.isEmpty else { return }
        let transfer = unsafe StreamSocket.receive(descriptor, into: memory, capacity: BufferPool.aheadSize)
        if case .bytes(let count) = transfer {
            unsafe session.announceFirst(in: UnsafeRawBufferPointer(start: memory, count: count))
        }
        unsafe ahead = (transfer, memory)
    }

    private func read() {
        if state == .closing { return discard() }
        if let (transfer, memory) = unsafe ahead {
            guard case .bytes(BufferPool.aheadSize) = transfer else { return unsafe take(transfer, memory, kept: 0) }
            // There is more, and it goes behind this.
            readsMuch = true
            received(BufferPool.aheadSize)
            unsafe incoming.append(UnsafeRawBufferPointer(start: memory, count: BufferPool.aheadSize))
        }
        let missing = unsafe session.missing(in: unsafe incoming.bytes)
        if incoming.isEmpty || missing < Self.largeFrame {
            // The common way: behind what is kept, which is short, into the loop's own memory.
            let kept = incoming.count
            let memory = unsafe loop.buffers.reading
            // Behind a frame that is whole, or nearly: what a peer sends ahead of its share can wait in its socket.
            let isScant = !session.mayBuffer(.bulk)
            if kept >= Self.largeFrame {
                return readKept(isScant ? Self.scantThreshold : BufferPool.blockSize / 4)
            }
            if kept > 0, let base = unsafe incoming.bytes.baseAddress {
                unsafe memory.copyMemory(from: base, byteCount: kept)
            }
            unsafe take(
                StreamSocket.receive(
                    descriptor, into: memory + kept,
                    capacity: isScant ? Self.scantThreshold : BufferPool.blockSize - kept), memory, kept: kept)
        } else if !session.mayBuffer(.bulk) {
            // The rest of the frame has no room, and without it nothing behind it can be understood.
            loop.context.journal.crowded("room for a frame", session.peer, account)
            session.goAway(
                .resourceExhausted,
                "a large frame was begun, and this user or address has its share of buffers in use; connect again later"
            )
        } else {
            // A large frame grows in memory of its own, as its bytes come.
            readKept(min(missing, max(incoming.count, 64 * 1024)))
        }
    }

    /// What a read into the loop's memory came to, `kept` bytes behind its beginning, which are the ones that were kept.
    private func take(_ transfer: StreamSocket.Transfer, _ memory: UnsafeMutableRawPointer, kept: Int) {
        switch transfer {
        case .bytes(let count):
            received(count)
            readsMuch = count >= BufferPool.aheadSize
            incoming.release()
            let all = unsafe UnsafeRawBufferPointer(start: memory, count: kept + count)
            let used = unsafe understand(all)
            guard state == .open, used < all.count else { return }
            unsafe incoming.append(UnsafeRawBufferPointer(rebasing: all[used...]))
        case .wouldBlock: break
        case .ended: inputEnded()
        case .failed: close(.unavailable)
        }
    }

    private func readKept(_ size: Int) {
        switch unsafe StreamSocket.receive(descriptor, into: incoming.room(for: size), capacity: size) {
        case .bytes(let count):
            incoming.extend(by: count)
            received(count)
            understandKept()
        case .wouldBlock: break
        case .ended: inputEnded()
        case .failed: close(.unavailable)
        }
    }

    private func received(_ count: Int) {
        loop.counters.bytesReceived.add(UInt64(count))
        session.received(at: loop.now)
        sending.advance(by: count, enough: Self.leastProgress, at: loop.now)
    }

    private func understandKept() {
        guard state == .open || state == .inputEnded else { return }
        let used = unsafe understand(incoming.bytes)
        if state == .closed { return }
        incoming.drop(used)
    }

    /// Understands frames that had to wait because the peer did not read, for as long as it takes what comes of them.
    ///
    /// At the end of every turn: the peer may have read in the middle of it, and may send nothing more, so nothing else
    /// would bring the connection back here.
    private func goOn() {
        var before = -1
        while state == .open || state == .inputEnded {
            guard write(), outgoing.isEmpty else { return }
            guard !incoming.isEmpty, incoming.count != before else { break }
            before = incoming.count
            understandKept()
        }
        // Not before all that came is understood: a stream's end may be among what had to wait.
        if state == .inputEnded, session.inputEnded() { _ = write() }
    }

    /// Gives the session frame after frame, and writes in between when much has gathered.
    ///
    /// - Returns: how many bytes were understood. The rest is an incomplete frame, or must wait until the peer reads.
    private func understand(_ bytes: UnsafeRawBufferPointer) -> Int {
        var used = 0
        holdsBack = false
        let threshold = session.mayBuffer(.bulk) ? Self.writeThreshold : Self.scantThreshold
        while true {
            let step = unsafe session.understand(
                UnsafeRawBufferPointer(rebasing: bytes[used...]), until: threshold)
            used += step.used
            // The frame that was waited for has ended.
            if step.used > 0 { sending.end() }
            switch step.outcome {
            case .incomplete: return used
            case .full:
                guard write() else { return bytes.count }
                guard outgoing.count < threshold else {
                    holdsBack = true
                    return used
                }
            case .over:
                return bytes.count
            }
        }
    }

    private func inputEnded() {
        guard state == .open else { return close(.unavailable) }
        state = .inputEnded
    }

    /// Nothing that comes in matters any more, but closing with unread bytes would take back what was written last.
    private func discard() {
        switch unsafe StreamSocket.receive(descriptor, into: loop.buffers.reading, capacity: BufferPool.blockSize) {
        case .bytes, .wouldBlock: break
        case .ended, .failed: close(.unavailable)
        }
    }

    // MARK: Writing

    /// Writes what there is.
    ///
    /// - Returns: false if that closed the connection.
    private func write() -> Bool {
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
    private func settle() {
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

    /// Keeps in mind what the peer has to go on with.
    private func awaitProgress() {
        let readsNext = state == .open && interest.contains(.readable)
        if incoming.isEmpty || !readsNext || !session.isEstablished {
            sending.end()
        } else if sending.since == nil {
            sending.expect(at: loop.now)
            _ = endStall(at: loop.now)
        }
        if outgoing.isEmpty {
            reading.end()
        } else if reading.since == nil {
            reading.expect(at: loop.now)
            _ = endStall(at: loop.now)
        }
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

    private func forget() {
        state = .closed
        if accounted != 0 { account.buffer(-accounted) }
        accounted = 0
        // Not when the last request ends, whose plugin may take its time.
        incoming.release()
        outgoing.release()
        loop.remove(self)
    }
}

internal import ArticleProtocol
internal import LinuxRuntime

/// How a connection reads: into the loop's own memory, where its session understands whole frames at once; what is left of
/// an incomplete one is kept.
extension Connection {
    /// Within the time-out a frame must end, or so much of it must come. Of answers, any byte that is read counts: a
    /// socket tells of room only when there is a good deal of it.
    private static let leastProgress = 64 * 1024
    /// A frame that is this long or longer is read into memory of its own.
    private static let largeFrame = 8 * 1024

    /// Reads what `serve` will understand in a moment, into memory that nobody else uses until then.
    func readAhead(into memory: UnsafeMutableRawPointer) {
        guard state == .open, interest == .readable, !readsMuch, incoming.isEmpty, outgoing.isEmpty else { return }
        let transfer = unsafe StreamSocket.receive(descriptor, into: memory, capacity: BufferPool.aheadSize)
        if case .bytes(let count) = transfer {
            unsafe session.announceFirst(in: UnsafeRawBufferPointer(start: memory, count: count))
        }
        unsafe ahead = (transfer, memory)
    }

    func read() {
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
    func goOn() {
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
}

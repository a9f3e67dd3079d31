// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import TLSTransport

/// Reading: into the loop's own memory, where the session processes whole frames. The rest, an incomplete frame, is
/// kept.
extension ClientConnection {
    /// Within the stall time-out a frame must end, or so many bytes of it must come. For answers any byte that is read
    /// counts, because a socket reports room only when it has much of it.
    private static let minProgress = 64 * 1024
    /// A frame of this size or more is read into memory of its own.
    private static let largeFrame = 8 * 1024

    /// Reads what `serve` will process in this turn, into memory that nobody else uses until then.
    func readAhead(into memory: UnsafeMutableRawPointer) {
        guard state == .open, interest == .readable, !readsInBulk, incoming.isEmpty, outgoing.isEmpty, !isHandshaking
        else { return }
        let transfer = unsafe receive(into: memory, capacity: BufferPool.aheadSize)
        if case .bytes(let count) = transfer {
            unsafe session.prefetchFirst(in: UnsafeRawBufferPointer(start: memory, count: count))
        }
        unsafe ahead = (transfer, memory)
    }

    func read() {
        if state == .closing { return discard() }
        if let (transfer, memory) = unsafe ahead {
            guard case .bytes(BufferPool.aheadSize) = transfer else { return unsafe take(transfer, memory, kept: 0) }
            // There is more. It goes behind this.
            readsInBulk = true
            received(BufferPool.aheadSize)
            unsafe incoming.append(UnsafeRawBufferPointer(start: memory, count: BufferPool.aheadSize))
        }
        let missing = unsafe session.missing(in: unsafe incoming.bytes)
        if incoming.isEmpty || missing < Self.largeFrame {
            // The usual case: into the loop's own memory, behind the few bytes that were kept.
            let kept = incoming.count
            let memory = unsafe loop.buffers.reading
            // The kept bytes hold a whole frame, or nearly. What a peer sends beyond its share can wait in its socket.
            let isScant = !session.mayBuffer(.bulk)
            if kept >= Self.largeFrame {
                return readKept(isScant ? Self.scantThreshold : BufferPool.blockSize / 4)
            }
            if kept > 0, let base = unsafe incoming.bytes.baseAddress {
                unsafe memory.copyMemory(from: base, byteCount: kept)
            }
            unsafe take(
                receive(
                    into: memory + kept,
                    capacity: isScant ? Self.scantThreshold : BufferPool.blockSize - kept), memory, kept: kept)
        } else if !session.mayBuffer(.bulk) {
            // There is no room for the rest of the frame, and without it nothing behind it can be processed.
            loop.context.journal.overQuota("room for a frame", session.peer, account)
            session.goAway(
                .resourceExhausted,
                "a large frame was begun, and this user or address has its share of buffers in use; connect again later"
            )
        } else {
            // A large frame grows in memory of its own as its bytes arrive.
            readKept(min(missing, max(incoming.count, 64 * 1024)))
        }
    }

    /// Processes a read into the loop's memory. Its first `kept` bytes are the ones that were kept before.
    private func take(_ transfer: StreamSocket.Transfer, _ memory: UnsafeMutableRawPointer, kept: Int) {
        switch transfer {
        case .bytes(let count):
            received(count)
            readsInBulk = count >= BufferPool.aheadSize
            incoming.release()
            let all = unsafe UnsafeRawBufferPointer(start: memory, count: kept + count)
            let used = unsafe process(all)
            guard state == .open, used < all.count else { return }
            unsafe incoming.append(UnsafeRawBufferPointer(rebasing: all[used...]))
        case .wouldBlock: break
        case .ended: inputEnded()
        case .failed: close(.unavailable)
        }
    }

    private func readKept(_ size: Int) {
        switch unsafe receive(into: incoming.room(for: size), capacity: size) {
        case .bytes(let count):
            incoming.extend(by: count)
            received(count)
            processKept()
        case .wouldBlock: break
        case .ended: inputEnded()
        case .failed: close(.unavailable)
        }
    }

    private func received(_ count: Int) {
        loop.counters.bytesReceived.add(UInt64(count))
        session.received(at: loop.now)
        sending.advance(by: count, enough: Self.minProgress, at: loop.now)
    }

    private func processKept() {
        guard state == .open || state == .inputEnded else { return }
        let used = unsafe process(incoming.bytes)
        if state == .closed { return }
        incoming.drop(used)
    }

    /// Processes frames that were held back because the peer did not read, as long as the peer takes the answers.
    ///
    /// Called at the end of every turn. The peer may have read during the turn and may send nothing more, so there
    /// would be no other event to continue here.
    func processHeldBack() {
        var before = -1
        while state == .open || state == .inputEnded {
            guard write(), outgoing.isEmpty else { return }
            guard !incoming.isEmpty, incoming.count != before else { break }
            before = incoming.count
            processKept()
        }
        // Only after all input is processed: a stream's end may be among the frames that were held back.
        if state == .inputEnded, session.inputEnded() { _ = write() }
    }

    /// Lets the session process frames, and writes in between when much has gathered.
    ///
    /// - Returns: how many bytes were processed. The rest is an incomplete frame, or must wait until the peer reads.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        var used = 0
        hasHeldBack = false
        let threshold = session.mayBuffer(.bulk) ? Self.writeThreshold : Self.scantThreshold
        while true {
            let step = unsafe session.process(
                UnsafeRawBufferPointer(rebasing: bytes[used...]), until: threshold)
            used += step.used
            // The frame that was incomplete is complete.
            if step.used > 0 { sending.stop() }
            switch step.outcome {
            case .incomplete: return used
            case .full:
                guard write() else { return bytes.count }
                guard outgoing.count < threshold else {
                    hasHeldBack = true
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

    /// Discards input, encrypted or not. Closing a socket with unread bytes could destroy what was written last.
    private func discard() {
        switch unsafe StreamSocket.receive(descriptor, into: loop.buffers.reading, capacity: BufferPool.blockSize) {
        case .bytes, .wouldBlock: break
        case .ended, .failed: close(.unavailable)
        }
    }
}

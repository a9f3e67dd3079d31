internal import ArticleProtocol
internal import LinuxRuntime

/// What a connection's peer has time for: its HELLO, the next request, and to go on with what memory is held for.
extension Connection {
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

    func setDeadline(_ nanoseconds: UInt64) {
        deadline = loop.now &+ nanoseconds
        loop.wake(at: deadline)
    }

    /// Keeps in mind what the peer has to go on with.
    func awaitProgress() {
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
}

/// Whether a peer goes on with something that memory is held for: a frame that it has begun to send, or answers that it
/// is to read.
///
/// It reads no clock, and holds no time-out, which a reload may change.
struct Progress {
    /// When it last went on; nil: nothing is awaited of it.
    private(set) var since: UInt64?
    private var bytes = 0

    /// Something is awaited from now on, if nothing was before.
    @inline(__always)
    mutating func expect(at now: UInt64) {
        if since == nil { restart(at: now) }
    }

    /// The peer went on by so many bytes, of which `enough` count as progress.
    mutating func advance(by count: Int, enough: Int, at now: UInt64) {
        guard since != nil else { return }
        bytes += count  // what one socket brings or takes in the time-out: far below 2^63
        if bytes >= enough { restart(at: now) }
    }

    /// Nothing is awaited any more.
    @inline(__always)
    mutating func end() { since = nil }

    /// When it is too late, with this time-out; nil: never.
    func end(within limit: UInt64) -> UInt64? {
        guard let since, limit > 0 else { return nil }
        return since &+ limit  // 584 years after the machine's start it wraps
    }

    private mutating func restart(at now: UInt64) {
        since = now
        bytes = 0
    }
}

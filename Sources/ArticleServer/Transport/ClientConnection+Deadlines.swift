// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import TLSTransport

/// The time-outs of a connection: for the HELLO, for the next request, and for progress while it holds memory.
extension ClientConnection {
    func checkDeadline(at now: UInt64) {
        guard state != .closed else { return }
        if endIfStalled(at: now) { return }
        guard now >= deadline else { return loop.wake(at: deadline) }
        deadline = .max
        switch state {
        case .closing: close(.unavailable)
        case .open where session.isDraining, .inputEnded where session.isDraining:
            // Its requests come first.
            guard session.inFlight == 0, outgoing.isEmpty else { return setDeadline(Self.lingerTime) }
            session.endWaitForPong()
            finishTurn()
        case .open, .inputEnded:
            let limits = loop.configuration.limits
            if isHandshaking { return handshakeFailed(.timeout, "") }
            guard session.isEstablished else {
                return sendGoAway(.deadlineExceeded, "no HELLO within \(limits.helloTimeoutMilliseconds) ms")
            }
            let idleSince = session.lastActivity
            let limit = limits.idleTimeoutNanoseconds
            guard limit > 0 else { return }
            if session.inFlight > 0 || !outgoing.isEmpty {
                setDeadline(limit)
            } else if now &- idleSince >= limit {
                drain("no request for \(limits.idleTimeoutMilliseconds) ms; connect again when needed")
            } else {
                setDeadline(limit - (now &- idleSince))
            }
        case .paused, .closed: break
        }
    }

    /// Ends the connection if its peer made no progress for too long while the connection holds memory for it.
    ///
    /// - Returns: whether the connection was ended.
    private func endIfStalled(at now: UInt64) -> Bool {
        guard state == .open || state == .inputEnded else { return false }
        let limits = loop.configuration.limits
        let limit = limits.stallTimeoutNanoseconds
        if let end = reading.deadline(within: limit) {
            guard now < end else {
                let waiting = outgoing.count
                loop.context.journal.stalled(
                    "\(waiting) bytes of answers were not read for \(limits.stallTimeoutMilliseconds) ms", session.peer)
                // A GO_AWAY would come behind the answers that it does not read.
                close(.unavailable)
                return true
            }
            wake(forStallAt: end)
        }
        if let end = sending.deadline(within: limit) {
            guard now < end else {
                let what = "a frame was begun, and not continued for \(limits.stallTimeoutMilliseconds) ms"
                loop.context.journal.stalled(what, session.peer)
                sendGoAway(.deadlineExceeded, what)
                return true
            }
            wake(forStallAt: end)
        }
        return false
    }

    /// A stall may end a little later than its limit, so that the loop checks many of them at once.
    private func wake(forStallAt time: UInt64) {
        let grain: UInt64 = 1 << 27  // 134 ms
        loop.wake(at: (time | (grain - 1)))
    }

    /// The handshake is complete. From now on the idle limit counts.
    func established() {
        let limit = loop.configuration.limits.idleTimeoutNanoseconds
        if limit > 0 { setDeadline(limit) } else { deadline = .max }
    }

    /// The configuration has changed.
    func configurationChanged() {
        session.configurationChanged(loop.configuration.access)
        // TLS was switched on: its rules must hold for clients that are connected without it, too.
        if tls == nil, session.peer.isTCP, loop.configuration.tls != nil, state == .open { return drain() }
        if session.isEstablished, !session.isDraining, state == .open || state == .inputEnded { established() }
    }

    func setDeadline(_ nanoseconds: UInt64) {
        deadline = loop.now &+ nanoseconds
        loop.wake(at: deadline)
    }

    /// Starts and stops the progress timers: for an incomplete frame, and for unread answers.
    func watchProgress() {
        let readsNext = state == .open && interest.contains(.readable)
        let holdsInput = !incoming.isEmpty || tls?.hasPartialRecord ?? false
        if !holdsInput || !readsNext || !session.isEstablished {
            sending.stop()
        } else if sending.since == nil {
            sending.start(at: loop.now)
            _ = endIfStalled(at: loop.now)
        }
        if outgoing.isEmpty {
            reading.stop()
        } else if reading.since == nil {
            reading.start(at: loop.now)
            _ = endIfStalled(at: loop.now)
        }
    }
}

/// Whether a peer makes progress with something that holds memory: a frame that it sends, or answers that it reads.
///
/// It reads no clock and keeps no time-out: a reload may change the time-out.
struct PeerProgress {
    /// When it last made progress; nil if nothing is expected of it.
    private(set) var since: UInt64?
    private var bytes = 0

    /// Progress is expected from now on.
    @inline(__always)
    mutating func start(at now: UInt64) {
        if since == nil { restart(at: now) }
    }

    /// The peer moved so many bytes. When they add up to `enough`, that is progress.
    mutating func advance(by count: Int, enough: Int, at now: UInt64) {
        guard since != nil else { return }
        bytes += count  // what one socket brings or takes in the time-out: far below 2^63
        if bytes >= enough { restart(at: now) }
    }

    /// Progress is no longer expected.
    @inline(__always)
    mutating func stop() { since = nil }

    /// When this time-out ends; nil if it never does.
    func deadline(within limit: UInt64) -> UInt64? {
        guard let since, limit > 0 else { return nil }
        return since &+ limit  // wraps 584 years after the machine's start
    }

    private mutating func restart(at now: UInt64) {
        since = now
        bytes = 0
    }
}

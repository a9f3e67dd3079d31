// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import TLSTransport

/// TLS of a connection: its handshake, and the seam below which bytes are encrypted.
extension ClientConnection {
    /// The connection is open, and its TLS handshake is not complete.
    var isHandshaking: Bool {
        guard let tls else { return false }
        return !tls.isEstablished && state == .open
    }

    /// Reads from the socket, or from the TLS session on it.
    @inline(__always)
    func receive(into memory: UnsafeMutableRawPointer?, capacity: Int) -> StreamSocket.Transfer {
        if let tls { return unsafe tls.receive(into: memory, capacity: capacity) }
        return unsafe StreamSocket.receive(descriptor, into: memory, capacity: capacity)
    }

    /// Called in place of `start` for a connection with TLS.
    func startHandshake() {
        unsafe session.connection = self
        holdsHandshake = true
        account.handshake(1)
        setDeadline(loop.configuration.limits.handshakeTimeoutNanoseconds)
        countBuffers()
    }

    /// Does as much of the handshake as the socket allows.
    ///
    /// The signature costs the loop 50 µs with a P-256 key and 600 µs with RSA of 2048 bits. `EventLoop` bounds what a turn
    /// spends on it.
    func continueHandshake() {
        isHandshakeQueued = false
        guard isHandshaking, let tls else { return }
        var wanted = Poller.Readiness.readable
        switch tls.handshake() {
        case .done: return handshakeDone(tls)
        case .wantsRead: break
        case .wantsWrite: wanted = .writable
        case .failed:
            let failure = tls.failure
            let reason = failure?.reason ?? .violation
            // A client of ours that knows nothing of TLS can read this. OpenSSL has sent no alert.
            if reason == .notTLS { sendPlain(Self.tlsFrame) }
            return handshakeFailed(.failed(reason), failure?.text ?? "")
        }
        if wanted != interest {
            interest = wanted
            loop.watch(self, for: wanted)
        }
        if state == .open { countBuffers() }
    }

    private static let tlsFrame = StandaloneFrame.goAway(
        .failedPrecondition, "this service speaks TLS here: the endpoint must begin with tls: instead of tcp:")

    /// Makes one attempt to send a frame without TLS.
    private func sendPlain(_ frame: [UInt8]) {
        unsafe frame.withUnsafeBytes { bytes in
            _ = unsafe StreamSocket.send(descriptor, from: bytes.baseAddress, count: bytes.count)
        }
    }

    private func handshakeDone(_ tls: TLSSession) {
        releaseHandshake()
        loop.counters.handshakes.add(1, at: HandshakeOutcome.done.index)
        loop.counters.tlsConnections.add(1)
        session.authenticated(tls.peerCertificate)
        let peer = session.peer
        Log.debug("\(peer) has shaken hands: \(tls.cipher)", peer.fields)
        if session.roles == 0, let listener = peer.listener {
            loop.context.journal.withoutRole(peer, on: listener)
        }
        setDeadline(loop.configuration.limits.helloTimeoutNanoseconds)
        // The HELLO may have come with the end of the handshake: then the socket does not report it.
        finishTurn()
    }

    /// Ends the connection. The peer can still read the alert, which OpenSSL has sent.
    func handshakeFailed(_ outcome: HandshakeOutcome, _ text: String) {
        loop.counters.handshakes.add(1, at: outcome.index)
        loop.context.journal.handshakeFailed(outcome, text, session.peer)
        linger()
    }

    /// Sends no more, and discards input until the peer closes too.
    private func linger() {
        releaseHandshake()
        state = .closing
        setDeadline(Self.lingerTime)
        finishTurn()
    }

    /// The handshake has ended in some way.
    func releaseHandshake() {
        guard holdsHandshake else { return }
        holdsHandshake = false
        account.handshake(-1)
    }

    /// Bytes are decrypted, or received, that the socket does not report.
    var hasUnread: Bool { tls?.hasUnread ?? false }

    /// Reads what the socket does not report.
    func readUnread() {
        isUnreadQueued = false
        guard state != .closed, interest.contains(.readable) else { return }
        serve(.readable)
    }

    /// Releases the TLS session, which holds memory. Requests in flight may keep the connection itself for long.
    func releaseTLS() {
        guard let tls else { return }
        releaseHandshake()
        if tls.isEstablished { loop.counters.tlsConnections.subtract(1) }
        self.tls = nil
        outgoing.tls = nil
    }
}

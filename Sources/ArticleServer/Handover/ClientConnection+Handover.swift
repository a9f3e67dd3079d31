// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime

/// Pausing a connection, and handing it over to another process.
extension ClientConnection {
    /// Stops reading if the connection can be handed over; the next process reads what comes from now on. Drains it if
    /// not.
    func pause() {
        rest()
        if state != .paused { drain() }
    }

    /// Stops reading if the connection can be handed over, and does nothing if not. `endRest` undoes it.
    func rest() {
        // The keys of a TLS session stay in this process.
        guard state == .open, tls == nil, session.canBeHandedOver else { return }
        state = .paused
        finishTurn()
    }

    /// Starts to read again.
    func endRest() {
        guard state == .paused else { return }
        state = .open
        if session.isEstablished {
            established()
        } else {
            setDeadline(loop.configuration.limits.helloTimeoutNanoseconds)
        }
        // Stalls were not checked meanwhile.
        loop.wake(at: loop.now)
        finishTurn()
    }

    /// Whether it is paused, and not at rest only because of requests that end without the client.
    var delaysHandover: Bool { isPaused && !session.isAtRest && !session.awaitsClient }

    /// Whether a request in flight began before that time and depends on its plugin alone.
    func isSlow(since time: UInt64) -> Bool { session.isSlow(since: time) }

    /// Whether it has requests in flight that end without the client, and must be answered in this process: the keys of its
    /// TLS session cannot be handed over.
    var endsHere: Bool { tls != nil && !session.isAtRest && !session.awaitsClient }

    var isPaused: Bool { state == .paused }
    /// Whether it is paused and has no request in flight.
    var isAtRest: Bool { isPaused && session.isAtRest }

    /// Ends the pause of a connection that cannot come to rest, because one of its streams needs the client or because
    /// the time is over.
    func abandonPause(isLate: Bool) {
        guard state == .paused, !session.isAtRest, isLate || session.awaitsClient else { return }
        state = .open
        if isLate { sendGoAway(.unavailable, "the service is stopping; connect again") } else { drain() }
    }

    /// Releases the socket, which stays open, and returns what the next process needs. Only when `isAtRest`.
    func release() -> HandoverConnection {
        var record = session.record
        unsafe record.incoming = Array(incoming.bytes)
        unsafe record.outgoing = Array(outgoing.bytes)
        detach()
        session.close(.unavailable)
        return record
    }

    /// Takes over from a previous process. Called in place of `start`.
    func resume(_ record: HandoverConnection, _ methods: ClientMethods?) {
        start()
        unsafe record.incoming.withUnsafeBytes { unsafe incoming.append($0) }
        unsafe record.outgoing.withUnsafeBytes { unsafe outgoing.append($0) }
        if record.isEstablished {
            session.resume(record, methods)
            established()
        }
        finishTurn()
    }
}

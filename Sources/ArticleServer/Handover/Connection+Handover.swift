internal import ArticleProtocol
internal import LinuxRuntime

/// How a connection comes to rest, and goes on in another process.
extension Connection {
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
}

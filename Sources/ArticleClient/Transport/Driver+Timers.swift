// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

// Timers.
extension Driver {
    /// When `handleTimers` next has something to do.
    var nextTimer: UInt64 {
        var next = min(earliestDeadline, closeDeadline ?? .max)
        let current = upstream.current
        if let current { next = min(next, current.handshakeDeadline) }
        if !waiting.isEmpty {
            // Only times on which the next turn can act. Any other time in the past would keep the thread awake.
            if current == nil { next = min(next, upstream.nextConnectTime) }
            if upstream.isOpen {
                next = min(next, earliestRetry)
            } else {
                next = min(next, reconnectDeadline(waiting[0]))
            }
        }
        if let current { next = min(next, keepAliveDue(current)) }
        for connection in draining { next = min(next, keepAliveDue(connection)) }
        if let current { next = min(next, silenceDue(current)) }
        for connection in draining { next = min(next, silenceDue(connection)) }
        return next
    }

    func handleTimers() {
        if let current = upstream.current, current.handshakeDeadline <= now, current.state.phase == .handshake {
            handshakeTimedOut(current)
        }
        if now >= earliestDeadline { expire() }
        if !waiting.isEmpty, !upstream.isOpen { failOverdueCalls() }
        if let current = upstream.current { checkSilence(current) }
        for connection in draining { checkSilence(connection) }
        if options.keepAlive != nil {
            if let current = upstream.current { keepAlive(current) }
            for connection in draining { keepAlive(connection) }
        }
    }

    private func handshakeTimedOut(_ connection: ClientConnection) {
        drop(connection)
        let endpoint = connection.endpoint
        let what = connection.phase == .connecting ? "no connection to \(endpoint)" : "no hello from \(endpoint)"
        connectingFailed(
            connection.upstream,
            .connection("\(what) within \(options.connectTimeout): is the service overloaded or stopped by a debugger?")
        )
    }

    /// Ends the calls whose deadline has passed. It looks at every call, but only when the earliest deadline passes.
    private func expire() {
        var next = UInt64.max
        let calls = [upstream.current].compactMap { $0?.exchanges } + draining.map(\.exchanges) + [waiting]
        for case .some(let exchange) in calls.joined() {
            if exchange.deadline <= now {
                end(exchange, .failure(expired(exchange)))
                cancelStream(exchange)
            } else {
                next = min(next, exchange.deadline)
            }
        }
        earliestDeadline = next
    }

    private func expired(_ exchange: Exchange) -> ClientError {
        let sent = exchange.placement.attempts > 0
        var message = "\(exchange.method): the deadline passed before the response"
        if !sent, let lastFailure = upstream.lastFailure {
            message = "\(exchange.method): the deadline passed: \(lastFailure.message)"
        }
        return ClientError(.deadline, .deadlineExceeded, message, mayHaveRun: sent)
    }

    private func reconnectDeadline(_ exchange: Exchange) -> UInt64 {
        let since = max(exchange.placement.waitingSince, withoutConnectionSince)
        let (sum, overflow) = since.addingReportingOverflow(options.reconnectTimeout.nanoseconds)
        return overflow ? .max : sum
    }

    private func failOverdueCalls() {
        guard reconnectDeadline(waiting[0]) <= now else { return }
        let error =
            upstream.lastFailure
            ?? .connection("no connection to \(upstream.endpoint) within \(options.reconnectTimeout)")
        let (over, kept) = (
            waiting.filter { reconnectDeadline($0) <= now }, waiting.filter { reconnectDeadline($0) > now }
        )
        waiting = kept
        for exchange in over { end(exchange, .failure(error)) }
    }

    private func silenceDue(_ connection: ClientConnection) -> UInt64 {
        connection.beating.reduce(.max) { min($0, silenceDue($1)) }
    }

    private func silenceDue(_ exchange: Exchange) -> UInt64 {
        let (due, overflow) = exchange.placement.lastHeard.addingReportingOverflow(exchange.silence)
        return overflow ? .max : due
    }

    /// Gives up streams whose heartbeats stay away, and the connection if nothing else arrives on it either.
    private func checkSilence(_ connection: ClientConnection) {
        for exchange in connection.beating where silenceDue(exchange) <= now {
            guard exchange.isAwaited else {
                // A caller that does not read may have no credit left, and then no heartbeats come.
                exchange.placement.lastHeard = now
                continue
            }
            let silence = Duration.nanoseconds(Int64(clamping: exchange.silence))
            if MonotonicClock.elapsed(from: connection.lastReceived, to: now) >= exchange.silence {
                return connectionLost(connection, "nothing arrived for \(silence), not even a heartbeat")
            }
            end(
                exchange,
                .failure(.connection("\(exchange.method): the service sent no heartbeat for \(silence)")))
            cancelStream(exchange)
        }
    }

    private func keepAliveDue(_ connection: ClientConnection) -> UInt64 {
        guard let interval = options.keepAlive?.nanoseconds, connection.state.inFlight > 0 else { return .max }
        // An interval is at most half of what a UInt64 holds. A time out of range means never.
        let (due, overflow) = connection.lastReceived.addingReportingOverflow(interval * (connection.pingSent ? 2 : 1))
        return overflow ? .max : due
    }

    private func keepAlive(_ connection: ClientConnection) {
        guard keepAliveDue(connection) <= now else { return }
        if connection.pingSent { return connectionLost(connection, "the service did not answer a PING in time") }
        connection.pingSent = true
        connection.put(.ping)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

// Timers.
extension Driver {
    /// When `handleTimers` next has something to do.
    var nextTimer: UInt64 {
        var next = min(earliestDeadline, closeDeadline ?? .max)
        for upstream in upstreams {
            if upstream.resolution == .running { next = min(next, upstream.connectDeadline) }
            if let connection = upstream.current { next = min(next, connection.handshakeDeadline) }
        }
        if !waiting.isEmpty {
            // Only times on which the next turn can act. Any other time in the past would keep the thread awake.
            next = min(next, nextAttempt)
            if hasOpenConnection {
                next = min(next, earliestRetry, earliestStranded)
            } else {
                next = min(next, reconnectDeadline(waiting[0]))
            }
        }
        forEachConnection { next = min(next, keepAliveDue($0), silenceDue($0)) }
        return next
    }

    func handleTimers() {
        for upstream in upstreams {
            if upstream.resolution == .running, upstream.connectDeadline <= now { resolvingTimedOut(upstream) }
            if let connection = upstream.current, connection.handshakeDeadline <= now,
                connection.state.phase == .handshake
            {
                handshakeTimedOut(connection)
            }
        }
        if now >= earliestDeadline { expire() }
        if !waiting.isEmpty { failOverdueCalls() }
        forEachConnection { checkSilence($0) }
        if keepAliveInterval != nil { forEachConnection { keepAlive($0) } }
    }

    private func forEachConnection(_ body: (ClientConnection) -> Void) {
        for upstream in upstreams { if let connection = upstream.current { body(connection) } }
        for connection in draining { body(connection) }
    }

    private func handshakeTimedOut(_ connection: ClientConnection) {
        drop(connection)
        let endpoint = connection.endpoint
        let what = connection.phase == .connecting ? "no connection to \(endpoint)" : "no hello from \(endpoint)"
        addressFailed(
            connection.upstream,
            .connection("\(what) within \(options.connectTimeout): is the service overloaded or stopped by a debugger?")
        )
    }

    /// Ends the calls whose deadline has passed. It looks at every call, but only when the earliest deadline passes.
    private func expire() {
        var next = UInt64.max
        let calls = upstreams.compactMap { $0.current?.exchanges } + draining.map(\.exchanges) + [waiting]
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
        if !sent, !hasOpenConnection, upstreams.contains(where: { $0.lastFailure != nil }) {
            message = "\(exchange.method): the deadline passed: \(unreachable.message)"
        }
        return ClientError(.deadline, .deadlineExceeded, message, mayHaveRun: sent)
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

    /// With several endpoints, a dead one is worth detecting without being told to.
    private var keepAliveInterval: UInt64? {
        (options.keepAlive ?? (hasAlternatives ? ClientOptions.defaultKeepAlive : nil))?.nanoseconds
    }

    private func keepAliveDue(_ connection: ClientConnection) -> UInt64 {
        guard let interval = keepAliveInterval, connection.state.inFlight > 0 else { return .max }
        // An interval is at most half of what a UInt64 holds. A time out of range means never.
        let (due, overflow) = connection.lastReceived.addingReportingOverflow(interval * (connection.pingSent ? 2 : 1))
        return overflow ? .max : due
    }

    private func keepAlive(_ connection: ClientConnection) {
        guard keepAliveDue(connection) <= now else { return }
        if connection.pingSent {
            connection.upstream.mustProve = hasAlternatives
            return connectionLost(connection, "the service did not answer a PING in time")
        }
        connection.pingSent = true
        connection.put(.ping)
    }
}

import ArticleProtocol
import LinuxRuntime

/// Everything that happens because time has passed.
extension Driver {
    /// When `handleTimers` has something to do, if nothing else happens before.
    var nextTimer: UInt64 {
        var next = min(earliestDeadline, closeBy ?? .max)
        if let current { next = min(next, current.openBy) }
        if !waiting.isEmpty {
            // Only what the next turn can act upon: anything else in the past would keep the thread awake.
            if current == nil { next = min(next, connectAt) }
            if current?.state.phase == .open {
                next = min(next, earliestRepeat)
            } else {
                next = min(next, patienceEnds(waiting[0]))
            }
        }
        if let current { next = min(next, keepAliveDue(current)) }
        for connection in leaving { next = min(next, keepAliveDue(connection)) }
        return next
    }

    func handleTimers() {
        if let current, current.openBy <= now, current.state.phase == .handshake { tooSlow(current) }
        if now >= earliestDeadline { expire() }
        if !waiting.isEmpty, current?.state.phase != .open { endPatience() }
        if options.keepAlive != nil {
            if let current { keepAlive(current) }
            for connection in leaving { keepAlive(connection) }
        }
    }

    private func tooSlow(_ connection: Connection) {
        drop(connection)
        let what = connection.phase == .connecting ? "no connection to \(endpoint)" : "no hello from \(endpoint)"
        connectingFailed(
            .connection("\(what) within \(options.connectTimeout): is the service overloaded or stopped by a debugger?")
        )
    }

    /// Ends the calls whose deadline has passed. Every call is looked at, but only when the earliest deadline comes.
    private func expire() {
        var next = UInt64.max
        let calls = [current].compactMap { $0?.exchanges } + leaving.map(\.exchanges) + [waiting]
        for case .some(let exchange) in calls.joined() {
            if exchange.deadline <= now {
                end(exchange, .failure(expired(exchange)))
                withdraw(exchange)
            } else {
                next = min(next, exchange.deadline)
            }
        }
        earliestDeadline = next
    }

    private func expired(_ exchange: Exchange) -> ClientError {
        let sent = exchange.seat.attempts > 0
        var message = "\(exchange.method): the deadline passed before the answer came"
        if !sent, let lastFailure { message = "\(exchange.method): the deadline passed: \(lastFailure.message)" }
        return ClientError(.deadline, .deadlineExceeded, message, mayHaveRun: sent)
    }

    private func patienceEnds(_ exchange: Exchange) -> UInt64 {
        let since = max(exchange.seat.waitingSince, withoutConnectionSince)
        let (sum, overflow) = since.addingReportingOverflow(options.patience.nanoseconds)
        return overflow ? .max : sum
    }

    private func endPatience() {
        guard patienceEnds(waiting[0]) <= now else { return }
        let error = lastFailure ?? .connection("no connection to \(endpoint) within \(options.patience)")
        let (over, kept) = (waiting.filter { patienceEnds($0) <= now }, waiting.filter { patienceEnds($0) > now })
        waiting = kept
        for exchange in over { end(exchange, .failure(error)) }
    }

    private func keepAliveDue(_ connection: Connection) -> UInt64 {
        guard let interval = options.keepAlive?.nanoseconds, connection.state.inFlight > 0 else { return .max }
        // An interval is at most half of what a UInt64 holds; a time beyond all is never.
        let (due, overflow) = connection.heardAt.addingReportingOverflow(interval * (connection.pinged ? 2 : 1))
        return overflow ? .max : due
    }

    private func keepAlive(_ connection: Connection) {
        guard keepAliveDue(connection) <= now else { return }
        if connection.pinged { return lose(connection, "the service did not answer a PING in time") }
        connection.pinged = true
        connection.put(.ping)
    }
}

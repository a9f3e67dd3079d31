import ArticleProtocol
import LinuxRuntime
import Synchronization

/// How connections end, and what becomes of their calls.
extension Driver {
    /// The connection is gone. Calls that may be begun again wait for the next one; the others fail.
    func lose(_ connection: Connection, _ reason: String) {
        let opened = connection.state.phase != .handshake
        if !opened {
            drop(connection)
            if !candidates.isEmpty { return connect() }
            return connectingFailed(refusal(connection) ?? .connection("cannot connect to \(endpoint): \(reason)"))
        }
        if connection === current { connectAt = connection.proven ? 0 : now + backoff.failed(using: &random) }
        drop(connection)
        for case .some(let exchange) in connection.exchanges {
            exchange.seat.connection = nil
            if exchange.hasEnded { continue }
            let sent = connection.output.sent >= exchange.seat.requestEnd
            let farewell = connection.farewell
            if farewell?.code == StatusCode.protocolError.rawValue {
                end(exchange, .failure(.violation("\(exchange.method): the service says: \(farewell?.message ?? "")")))
            } else if !sent || mayRepeat(exchange, connection) {
                if sent { exchange.seat.mayHaveRun = true } else { exchange.seat.attempts -= 1 }
                wait(exchange)
            } else {
                let doubt = "it may have been carried out: look before it is sent again"
                end(
                    exchange,
                    .failure(
                        .connection(
                            "\(exchange.method): the connection to \(endpoint) was lost before the answer came (\(reason)); \(doubt)",
                            mayHaveRun: true)))
            }
        }
    }

    /// The service broke the protocol: nothing on this connection can be trusted any more.
    func fail(_ connection: Connection, _ fault: ProtocolFault) {
        let opened = connection.state.phase != .handshake
        drop(connection)
        let error = ClientError.violation(
            "\(endpoint) does not speak articled's protocol as it should: \(fault.message)")
        guard opened else { return connectingFailed(error) }
        for case .some(let exchange) in connection.exchanges {
            exchange.seat.connection = nil
            end(exchange, .failure(error))
        }
        connectAt = now + backoff.failed(using: &random)
    }

    /// The service takes no new requests on this connection: those in flight finish, new ones go to another.
    func goAway(_ status: Status, _ connection: Connection) {
        connection.farewell = status
        guard connection.state.phase != .handshake, connection === current else { return }
        current = nil
        withoutConnectionSince = now
        leaving.append(connection)
        for case .some(let exchange) in connection.exchanges where exchange.shape != .unary {
            exchange.shared.withLock { $0.leaving = true }
        }
        connectAt = connection.proven ? 0 : now + backoff.failed(using: &random)
    }

    /// What the service said instead of a hello.
    private func refusal(_ connection: Connection) -> ClientError? {
        guard let status = connection.farewell else { return nil }
        let code = StatusCode(rawValue: status.code) ?? .unknown
        let passing = code == .unavailable || code == .resourceExhausted
        return ClientError(
            passing ? .connection : .status, code, "\(endpoint) refused the connection: \(status.message)")
    }

    /// Closes the socket and forgets the connection, not its calls.
    func drop(_ connection: Connection) {
        poller.remove(connection.socket.descriptor.number)
        if connection === current {
            current = nil
            withoutConnectionSince = now
        }
        leaving.removeAll { $0 === connection }
        connection.dropped = true
    }

    /// Whether the call may be sent again although the service may have carried it out.
    func mayRepeat(_ exchange: Exchange, _ connection: Connection) -> Bool {
        guard mayBeginAgain(exchange) else { return false }
        switch exchange.retry {
        case .idempotent: return true
        case .never: return false
        case .automatic: return connection.methods[exchange.method]?.idempotent ?? false
        }
    }

    /// Nothing of the call has happened for its caller, and it was not tried too often.
    func mayBeginAgain(_ exchange: Exchange) -> Bool {
        !exchange.seat.begun && exchange.seat.attempts < options.attempts
    }

    /// The call waits for its next attempt.
    func wait(_ exchange: Exchange) {
        exchange.seat.connection = nil
        exchange.seat.waitingSince = now
        waiting.append(exchange)
        if exchange.seat.notBefore > now { earliestRepeat = min(earliestRepeat, exchange.seat.notBefore) }
    }
}

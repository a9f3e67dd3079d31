// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization

// Opening connections.
extension Driver {
    /// Starts connecting to the next of the endpoint's addresses.
    func connect() {
        if candidates.isEmpty {
            do {
                candidates = try SocketAddress.resolve(endpoint)
            } catch {
                return connectingFailed(error)
            }
            connectDeadline = MonotonicClock.after(options.connectTimeout)
        }
        var failure = ClientError.connection("\(endpoint) has no address")
        while !candidates.isEmpty {
            let address = candidates.removeFirst()
            do throws(SystemError) {
                return try begin(Socket(connecting: address))
            } catch {
                failure = .unreachable(endpoint, error)
            }
        }
        connectingFailed(failure)
    }

    private func begin(_ socket: consuming Socket) throws(SystemError) {
        let number = socket.descriptor.number
        let connection = ClientConnection(
            token: nextToken, socket: socket, options: options, handshakeDeadline: connectDeadline, now: now)
        try poller.add(number, [.readable, .writable], token: connection.token)
        connection.awaitsWritable = true
        let hello = ClientHello(
            protocolMin: ProtocolVersion.supported.lowerBound, protocolMax: ProtocolVersion.supported.upperBound,
            maxFrame: UInt32(clamping: options.maxFrame), streamWindow: UInt32(clamping: options.streamWindow),
            features: [], agent: options.agent)
        connection.put(.hello, hello.encoded())
        current = connection
    }

    /// The connecting socket became writable, or failed.
    func finishConnecting(_ connection: ClientConnection) {
        guard let error = connection.socket.connectionFailure() else {
            connection.phase = .connected
            return
        }
        drop(connection)
        if candidates.isEmpty { connectingFailed(.unreachable(endpoint, error)) } else { connect() }
    }

    /// No connection was made. Calls that do not wait fail; the others wait for the next attempt.
    func connectingFailed(_ error: ClientError) {
        candidates = []
        lastFailure = error
        nextConnectTime = now + backoff.failed(using: &random)
        let impatient = !hasConnected && !options.waitsForService
        let hopeless = error.kind != .connection
        if impatient || hopeless {
            let all = waiting
            waiting = []
            for exchange in all { end(exchange, .failure(error)) }
        }
    }
}

// The end of connections, and their calls.
extension Driver {
    /// The connection is lost. Calls that may be restarted wait for the next connection; the others fail.
    func connectionLost(_ connection: ClientConnection, _ reason: String) {
        let opened = connection.state.phase != .handshake
        if !opened {
            drop(connection)
            if !candidates.isEmpty { return connect() }
            return connectingFailed(refusal(connection) ?? .connection("cannot connect to \(endpoint): \(reason)"))
        }
        if connection === current {
            nextConnectTime = connection.hasAnswered ? 0 : now + backoff.failed(using: &random)
        }
        drop(connection)
        for case .some(let exchange) in connection.exchanges {
            exchange.placement.connection = nil
            if exchange.hasEnded { continue }
            let sent = connection.output.sent >= exchange.placement.requestEnd
            let goAwayStatus = connection.goAwayStatus
            if goAwayStatus?.code == StatusCode.protocolError.rawValue {
                end(
                    exchange,
                    .failure(.violation("\(exchange.method): the service says: \(goAwayStatus?.message ?? "")")))
            } else if sent ? mayRetry(exchange, connection) : !exchange.placement.begun {
                if sent { exchange.placement.mayHaveRun = true } else { exchange.placement.attempts -= 1 }
                wait(exchange)
            } else if sent {
                let doubt = "it may have been carried out: look before you send it again"
                end(
                    exchange,
                    .failure(
                        .connection(
                            "\(exchange.method): the connection to \(endpoint) was lost before the response (\(reason)); \(doubt)",
                            mayHaveRun: true)))
            } else {
                // Messages of the streamed request were taken for this connection and are gone with it.
                end(
                    exchange,
                    .failure(
                        .connection(
                            "\(exchange.method): the connection to \(endpoint) was lost before the request was sent (\(reason))"
                        )))
            }
        }
    }

    /// The service broke the protocol. Nothing on this connection can be trusted any more.
    func protocolViolated(_ connection: ClientConnection, _ fault: ProtocolFault) {
        let opened = connection.state.phase != .handshake
        drop(connection)
        let error = ClientError.violation(
            "\(endpoint) violated articled's protocol: \(fault.message)")
        guard opened else { return connectingFailed(error) }
        for case .some(let exchange) in connection.exchanges {
            exchange.placement.connection = nil
            end(exchange, .failure(error))
        }
        nextConnectTime = now + backoff.failed(using: &random)
    }

    /// The service accepts no new requests on this connection. Requests in flight finish; new ones go to another
    /// connection.
    func goAway(_ status: Status, _ connection: ClientConnection) {
        connection.goAwayStatus = status
        guard connection.state.phase != .handshake, connection === current else { return }
        current = nil
        withoutConnectionSince = now
        draining.append(connection)
        for case .some(let exchange) in connection.exchanges where exchange.shape != .unary {
            exchange.shared.withLock { $0.draining = true }
        }
        nextConnectTime = connection.hasAnswered ? 0 : now + backoff.failed(using: &random)
    }

    /// The error for a GO_AWAY instead of HELLO.
    private func refusal(_ connection: ClientConnection) -> ClientError? {
        guard let status = connection.goAwayStatus else { return nil }
        let code = StatusCode(rawValue: status.code) ?? .unknown
        let passing = code == .unavailable || code == .resourceExhausted
        return ClientError(
            passing ? .connection : .status, code, "\(endpoint) refused the connection: \(status.message)")
    }

    /// Closes the connection. Its calls stay in flight.
    func drop(_ connection: ClientConnection) {
        poller.remove(connection.socket.descriptor.number)
        if connection === current {
            current = nil
            withoutConnectionSince = now
        }
        draining.removeAll { $0 === connection }
        connection.dropped = true
    }

    /// Whether the call may be sent again although the service may have carried it out.
    func mayRetry(_ exchange: Exchange, _ connection: ClientConnection) -> Bool {
        guard mayRestart(exchange) else { return false }
        switch exchange.retry {
        case .idempotent: return true
        case .never: return false
        case .automatic: return connection.methods[exchange.method]?.idempotent ?? false
        }
    }

    /// Whether the caller has seen nothing of the call yet, and attempts are left.
    func mayRestart(_ exchange: Exchange) -> Bool {
        !exchange.placement.begun && exchange.placement.attempts < options.maxAttempts
    }

    /// Queues the call for its next attempt.
    func wait(_ exchange: Exchange) {
        exchange.placement.connection = nil
        exchange.placement.waitingSince = now
        waiting.append(exchange)
        if exchange.placement.retryTime > now { earliestRetry = min(earliestRetry, exchange.placement.retryTime) }
    }
}

/// The pauses between attempts to connect. There is none before the first; then each is twice as long as the one
/// before. Each pause is shortened at random by up to a half.
struct Backoff {
    private let shortest: UInt64
    private let longest: UInt64
    private(set) var failures = 0

    init(shortest: Duration, longest: Duration) {
        self.shortest = max(1, shortest.nanoseconds)
        self.longest = max(self.shortest, longest.nanoseconds)
    }

    /// Records that an attempt failed, or that a connection was lost before it answered a call. Returns the pause in
    /// nanoseconds.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let doublings = min(failures, 32)
        failures += 1
        let (product, overflow) = shortest.multipliedReportingOverflow(by: UInt64(1) << UInt64(doublings))
        let pause = overflow ? longest : min(product, longest)
        return pause - UInt64.random(in: 0...pause / 2, using: &generator)
    }

    /// Records that a connection has answered a call.
    mutating func succeeded() { failures = 0 }
}

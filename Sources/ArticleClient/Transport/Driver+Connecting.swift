// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization
import TLSTransport

// Opening connections.
extension Driver {
    /// Starts connecting to an endpoint.
    func connect(_ upstream: Upstream) {
        upstream.beginAttempt(now, deadline: MonotonicClock.after(options.connectTimeout))
        do throws(ClientError) {
            guard let addresses = try SocketAddress.numeric(upstream.endpoint) else { return resolve(upstream) }
            upstream.resolved(addresses)
        } catch {
            return connectingFailed(upstream, error)
        }
        connectNext(upstream)
    }

    /// Resolves the host name on a thread of its own: getaddrinfo(3) may wait for the network, and calls to other
    /// endpoints must not.
    private func resolve(_ upstream: Upstream) {
        guard upstream.resolution == .none else { return connectingFailed(upstream, unresolved(upstream)) }
        upstream.resolution = .running
        let (index, endpoint, mailbox) = (upstream.index, upstream.endpoint, mailbox)
        do throws(SystemError) {
            try Thread.detach("article-resolve") {
                let result = Result { () throws(ClientError) in try SocketAddress.resolve(endpoint) }
                mailbox.submit(.resolved(index, result))
            }
        } catch {
            upstream.resolution = .none
            connectingFailed(upstream, .cannotStart(error))
        }
    }

    /// The resolver has answered.
    func resolved(_ upstream: Upstream, _ result: Result<[SocketAddress], ClientError>) {
        let isAwaited = upstream.resolution == .running
        upstream.resolution = .none
        guard isAwaited else { return }
        switch result {
        case .success(let addresses):
            upstream.resolved(addresses)
            connectNext(upstream)
        case .failure(let error): connectingFailed(upstream, error)
        }
    }

    func resolvingTimedOut(_ upstream: Upstream) {
        upstream.resolution = .abandoned
        connectingFailed(upstream, unresolved(upstream))
    }

    private func unresolved(_ upstream: Upstream) -> ClientError {
        .connection(
            "the resolver did not find the host name of \(upstream.endpoint) within \(options.connectTimeout): check "
                + "the name servers, or use a numeric address")
    }

    /// Starts connecting to the next of the endpoint's addresses.
    private func connectNext(_ upstream: Upstream) {
        let security: (host: String, context: TLSContext)?
        do throws(ClientError) {
            // Anew, because the files may have been renewed.
            security = try upstream.endpoint.security()
        } catch {
            return connectingFailed(upstream, error)
        }
        var failure = ClientError.connection("\(upstream.endpoint) has no address")
        while !upstream.candidates.isEmpty {
            let address = upstream.candidates.removeFirst()
            do throws(SystemError) {
                return try begin(Socket(connecting: address, security, scratch), address, upstream)
            } catch {
                failure = .unreachable(upstream.endpoint, error)
            }
        }
        connectingFailed(upstream, failure)
    }

    /// This address did not lead to a connection. Another one may.
    func addressFailed(_ upstream: Upstream, _ error: ClientError) {
        if upstream.candidates.isEmpty { connectingFailed(upstream, error) } else { connectNext(upstream) }
    }

    private func begin(
        _ socket: consuming Socket, _ address: SocketAddress, _ upstream: Upstream
    ) throws(SystemError) {
        let number = socket.descriptor.number
        let connection = ClientConnection(
            token: nextToken, upstream: upstream, address: address, socket: socket, options: options, now: now)
        try poller.add(number, [.readable, .writable], token: connection.token)
        connection.awaitsWritable = true
        let hello = ClientHello(
            protocolMin: ProtocolVersion.supported.lowerBound, protocolMax: ProtocolVersion.supported.upperBound,
            maxFrame: UInt32(clamping: options.maxFrame), streamWindow: UInt32(clamping: options.streamWindow),
            features: [], agent: options.agent)
        connection.put(.hello, hello.encoded())
        upstream.current = connection
    }

    /// The connecting socket became writable, or failed.
    func finishConnecting(_ connection: ClientConnection) {
        guard let error = connection.socket.connectionFailure() else {
            guard connection.socket.tls != nil else {
                connection.phase = .connected
                return
            }
            connection.phase = .securing
            return secure(connection)
        }
        drop(connection)
        addressFailed(connection.upstream, .unreachable(connection.endpoint, error))
    }
}

// The end of connections, and their calls.
extension Driver {
    /// The connection is lost. Calls that may be restarted wait for the next connection; the others fail.
    func connectionLost(_ connection: ClientConnection, _ reason: String) {
        let upstream = connection.upstream
        let opened = connection.state.phase != .handshake
        if !opened {
            drop(connection)
            return addressFailed(
                upstream,
                refusal(connection) ?? .connection("cannot connect to \(upstream.endpoint): \(reason)"))
        }
        if connection === upstream.current { upstream.connectionEnded(connection, now, using: &random) }
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
                exchange.placement.refusals |= upstream.bit
                wait(exchange)
            } else if sent {
                let doubt = "it may have been carried out: look before you send it again"
                end(
                    exchange,
                    .failure(
                        .connection(
                            "\(exchange.method): the connection to \(upstream.endpoint) was lost before the response (\(reason)); \(doubt)",
                            mayHaveRun: true)))
            } else {
                // Messages of the streamed request were taken for this connection and are gone with it.
                end(
                    exchange,
                    .failure(
                        .connection(
                            "\(exchange.method): the connection to \(upstream.endpoint) was lost before the request was sent (\(reason))"
                        )))
            }
        }
    }

    /// The service broke the protocol. Nothing on this connection can be trusted any more.
    func protocolViolated(_ connection: ClientConnection, _ fault: ProtocolFault) {
        let opened = connection.state.phase != .handshake
        drop(connection)
        let error = ClientError.violation(
            "\(connection.endpoint) violated articled's protocol: \(fault.message)")
        guard opened else { return addressFailed(connection.upstream, error) }
        for case .some(let exchange) in connection.exchanges {
            exchange.placement.connection = nil
            if hasAlternatives, !exchange.hasEnded, mayRetry(exchange, connection) {
                exchange.placement.mayHaveRun = true
                exchange.placement.refusals |= connection.upstream.bit
                wait(exchange)
            } else {
                end(exchange, .failure(error))
            }
        }
        connection.upstream.pause(now, using: &random)
    }

    /// The service accepts no new requests on this connection. Requests in flight finish; new ones go to another
    /// connection.
    func goAway(_ status: Status, _ connection: ClientConnection) {
        connection.goAwayStatus = status
        let upstream = connection.upstream
        guard connection.state.phase != .handshake, connection === upstream.current else { return }
        upstream.current = nil
        if !hasOpenConnection { withoutConnectionSince = now }
        draining.append(connection)
        for case .some(let exchange) in connection.exchanges where exchange.shape != .unary {
            exchange.shared.withLock { $0.draining = true }
        }
        upstream.connectionEnded(connection, now, using: &random)
    }

    /// The error for a GO_AWAY instead of HELLO.
    private func refusal(_ connection: ClientConnection) -> ClientError? {
        guard let status = connection.goAwayStatus else { return nil }
        let code = StatusCode(rawValue: status.code) ?? .unknown
        let passing = code == .unavailable || code == .resourceExhausted
        return ClientError(
            passing ? .connection : .status, code, "\(connection.endpoint) refused the connection: \(status.message)")
    }

    /// Closes the connection. Its calls stay in flight.
    func drop(_ connection: ClientConnection) {
        poller.remove(connection.socket.descriptor.number)
        connection.socket.tls?.endSending()
        if connection === connection.upstream.current {
            connection.upstream.current = nil
            // Failed attempts do not extend the time that calls wait.
            if connection.state.phase != .handshake, !hasOpenConnection { withoutConnectionSince = now }
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

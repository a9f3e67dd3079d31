import ArticleProtocol
import CLinux
import Glibc
import Synchronization

/// How connections begin.
extension Driver {
    /// Begins a connection to the next of the endpoint's addresses.
    func connect() {
        if candidates.isEmpty {
            do {
                candidates = try SocketAddress.resolve(endpoint)
            } catch {
                return connectingFailed(error)
            }
            connectBy = Clock.after(options.connectTimeout)
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
        let connection = Connection(
            token: nextToken, socket: socket, options: options, openBy: connectBy, now: now)
        let interest = UInt32(CLINUX_READABLE | CLINUX_WRITABLE)
        guard clinux_epoll_add(poller.number, number, interest, connection.token) == 0 else { throw .current }
        connection.awaitsWritable = true
        let hello = ClientHello(
            protocolMin: 1, protocolMax: 1, maxFrame: UInt32(clamping: options.largestFrame),
            streamWindow: UInt32(clamping: options.streamWindow), features: [], agent: options.agent)
        connection.put(.hello, hello.encoded())
        current = connection
    }

    /// The socket under way became writable, or failed.
    func finishConnecting(_ connection: Connection) {
        guard let error = connection.socket.connectionFailure() else {
            connection.phase = .connected
            return
        }
        drop(connection)
        if candidates.isEmpty { connectingFailed(.unreachable(endpoint, error)) } else { connect() }
    }

    /// No connection came about. Who has waited long enough is told; the others wait for the next attempt.
    func connectingFailed(_ error: ClientError) {
        candidates = []
        lastFailure = error
        connectAt = now + backoff.failed(using: &random)
        let impatient = !everOpened && !options.waitsForService
        let hopeless = error.kind != .connection
        if impatient || hopeless {
            let all = waiting
            waiting = []
            for exchange in all { end(exchange, .failure(error)) }
        }
    }
}

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
        _ = clinux_epoll_remove(poller.number, connection.socket.descriptor.number)
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

/// The pauses between attempts to connect: none before the first, then doubling, each shortened at random by up to a half.
struct Backoff {
    private let shortest: UInt64
    private let longest: UInt64
    private(set) var failures = 0

    init(shortest: Duration, longest: Duration) {
        self.shortest = max(1, shortest.nanoseconds)
        self.longest = max(self.shortest, longest.nanoseconds)
    }

    /// An attempt failed, or a connection was lost before it had been of use. How long to wait, in nanoseconds.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let doublings = min(failures, 32)
        failures += 1
        let (product, overflow) = shortest.multipliedReportingOverflow(by: UInt64(1) << UInt64(doublings))
        let pause = overflow ? longest : min(product, longest)
        return pause - UInt64.random(in: 0...pause / 2, using: &generator)
    }

    /// A connection proved to be of use.
    mutating func succeeded() { failures = 0 }
}

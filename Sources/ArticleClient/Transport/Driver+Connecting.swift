import ArticleProtocol
import LinuxRuntime

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
            connectBy = MonotonicClock.after(options.connectTimeout)
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
        try poller.add(number, [.readable, .writable], token: connection.token)
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

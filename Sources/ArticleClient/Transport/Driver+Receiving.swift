import ArticleProtocol
import LinuxRuntime

/// What comes from the service.
extension Driver {
    /// Reads what there is, one buffer at a time; the poller is asked again in between, so that writing goes on.
    /// True: there may be more.
    @discardableResult
    func receive(_ connection: Connection) -> Bool {
        guard !connection.dropped, var input = connection.input.take() else { return false }
        let transfer = input.fill(from: connection.socket)
        if case .bytes = transfer {
            connection.heardAt = now
            connection.pinged = false
            do throws(ProtocolFault) {
                while let size = try receiveFrame(input.span, connection) { input.consume(size) }
                if !connection.dropped, let size = wanted(input.span) { input.reserve(size) }
            } catch {
                fail(connection, error)
            }
        }
        connection.input = consume input
        switch transfer {
        case .bytes: return !connection.dropped
        case .wouldBlock: break
        case .ended: lose(connection, "the service closed the connection")
        case .failed(let code): lose(connection, "the connection broke: \(SystemError.text(of: code))")
        }
        return false
    }

    /// Takes the first frame of `bytes`, and answers with its size. `nil`: it is not complete yet, or the connection has gone.
    private func receiveFrame(_ bytes: RawSpan, _ connection: Connection) throws(ProtocolFault) -> Int? {
        guard !connection.dropped, let header = FrameHeader(decoding: bytes) else { return nil }
        try connection.state.admit(header)
        let size = FrameHeader.size + Int(header.payloadLength)
        guard bytes.byteCount >= size else { return nil }
        let payload = bytes.extracting(FrameHeader.size..<size)
        let action = try connection.state.receive(header, payload)
        perform(action, payload, connection)
        return size
    }

    /// The size of the frame that is not complete yet. Its header was admitted.
    private func wanted(_ bytes: RawSpan) -> Int? {
        FrameHeader(decoding: bytes).map { FrameHeader.size + Int($0.payloadLength) }
    }

    private func perform(_ action: ReceivedAction, _ payload: RawSpan, _ connection: Connection) {
        switch action {
        case .none: return
        case .opened(let hello): opened(hello, connection)
        case .message(let stream, let last): deliver(payload, last: last, stream, connection)
        case .ended(let stream): finish(stream, .end, connection)
        case .failed(let stream, let status): failed(stream, status, connection)
        case .damaged(let stream, let last): damaged(stream, last: last, connection)
        case .released: return
        case .credit: connection.sendersReady = true
        case .ping: connection.put(.pong, payload.copied)
        case .goAway(let status): goAway(status, connection)
        }
    }

    private func opened(_ hello: ServerHello, _ connection: Connection) {
        connection.openBy = .max
        connection.idleTimeout = UInt64(hello.idleTimeoutMs) * 1_000_000
        connection.methods = Dictionary(hello.methods.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        everOpened = true
        lastFailure = nil
    }

    private func deliver(_ payload: RawSpan, last: Bool, _ stream: UInt32, _ connection: Connection) {
        guard let exchange = connection.exchange(stream) else { return }
        exchange.seat.begun = true
        if let reader = exchange.deliver(payload.copied) { resumptions.append(reader) }
        if last { finish(stream, .end, connection) }
    }

    private func finish(_ stream: UInt32, _ outcome: Delivery, _ connection: Connection) {
        guard let exchange = connection.exchange(stream) else { return }
        connection.unseat(stream)
        if !connection.proven {
            connection.proven = true
            backoff.succeeded()
        }
        end(exchange, outcome)
    }

    /// What PROTOCOL.md asks for after RESOURCE_EXHAUSTED, to begin with.
    private static let busyPause = Duration.milliseconds(100)

    private func failed(_ stream: UInt32, _ status: Status, _ connection: Connection) {
        guard let exchange = connection.exchange(stream) else { return }
        let code = StatusCode(rawValue: status.code)
        let isBusy = code == .resourceExhausted
        let again =
            switch code {
            // Both say that nothing was changed, so that any method may be called again: PROTOCOL.md. A service that has too
            // much to do is left alone for longer.
            case .resourceExhausted, .unavailable: mayBeginAgain(exchange)
            case .outcomeUnknown: mayRepeat(exchange, connection)
            default: false
            }
        if again {
            if code == .outcomeUnknown { exchange.seat.mayHaveRun = true }
            connection.unseat(stream)
            let shortest = isBusy ? max(options.shortestPause, Self.busyPause) : options.shortestPause
            var pause = Backoff(shortest: shortest, longest: max(shortest, options.longestPause))
            for _ in 1..<max(2, exchange.seat.attempts) { _ = pause.failed(using: &random) }
            exchange.seat.notBefore = now + pause.failed(using: &random)
            return wait(exchange)
        }
        finish(stream, .failure(.status(status, of: exchange.method)), connection)
    }

    private func damaged(_ stream: UInt32, last: Bool, _ connection: Connection) {
        if !last { connection.put(.cancel, stream: stream) }
        let method = connection.exchange(stream)?.method ?? ""
        finish(
            stream,
            .failure(
                .dataLoss(
                    "\(method): the answer's checksum is wrong: the article was damaged on the service's disk or on the way. "
                        + "Try again; if it stays so, the stored article is damaged")), connection)
    }
}

extension RawSpan {
    fileprivate var copied: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

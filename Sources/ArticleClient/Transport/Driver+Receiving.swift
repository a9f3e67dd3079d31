// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

// Receiving.
extension Driver {
    /// Reads one buffer and processes its frames. The poller runs between two buffers, so that writing continues.
    /// True: there may be more to read.
    @discardableResult
    func receive(_ connection: ClientConnection) -> Bool {
        guard !connection.dropped, var input = connection.input.take() else { return false }
        let transfer = input.fill(from: connection.socket)
        if case .bytes = transfer {
            connection.lastReceived = now
            connection.pingSent = false
            if connection.state.phase == .open { connection.upstream.mustProve = false }
            do throws(ProtocolFault) {
                while let size = try receiveFrame(input.span, connection) { input.consume(size) }
                if !connection.dropped, let size = wanted(input.span) { input.reserve(size) }
            } catch {
                protocolViolated(connection, error)
            }
        }
        connection.input = consume input
        if case .bytes = transfer { readLater(connection) }
        switch transfer {
        case .bytes: return !connection.dropped
        case .wouldBlock: break
        case .ended: connectionLost(connection, "the service closed the connection")
        case .failed(let code): connectionLost(connection, reason(connection, code: code))
        }
        return false
    }

    /// Processes the first frame of `bytes` and returns its size. `nil`: the frame is incomplete, or the connection is
    /// closed.
    private func receiveFrame(_ bytes: RawSpan, _ connection: ClientConnection) throws(ProtocolFault) -> Int? {
        guard !connection.dropped, let header = FrameHeader(decoding: bytes) else { return nil }
        try connection.state.admit(header)
        let size = FrameHeader.size + Int(header.payloadLength)
        guard bytes.byteCount >= size else { return nil }
        let payload = bytes.extracting(FrameHeader.size..<size)
        let action = try connection.state.receive(header, payload)
        perform(action, payload, connection)
        return size
    }

    /// The size of the incomplete frame. Its header was admitted.
    private func wanted(_ bytes: RawSpan) -> Int? {
        FrameHeader(decoding: bytes).map { FrameHeader.size + Int($0.payloadLength) }
    }

    private func perform(_ action: ReceivedAction, _ payload: RawSpan, _ connection: ClientConnection) {
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

    private func opened(_ hello: ServerHello, _ connection: ClientConnection) {
        connection.handshakeDeadline = .max
        connection.idleTimeout = UInt64(hello.idleTimeoutMs) * 1_000_000
        connection.methods = Dictionary(hello.methods.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        hasConnected = true
        connection.upstream.connected(hello, at: connection.address)
        if connection.upstream.mustProve { connection.put(.ping) }
    }

    private func deliver(_ payload: RawSpan, last: Bool, _ stream: UInt32, _ connection: ClientConnection) {
        guard let exchange = connection.exchange(stream) else { return }
        exchange.placement.begun = true
        exchange.placement.lastHeard = now
        connection.upstream.delivered()
        if let reader = exchange.deliver(payload.copied) { resumptions.append(reader) }
        if last { finish(stream, .end, connection) }
    }

    private func finish(_ stream: UInt32, _ outcome: Delivery, _ connection: ClientConnection) {
        guard let exchange = connection.exchange(stream) else { return }
        connection.detach(stream)
        if !connection.hasAnswered {
            connection.hasAnswered = true
            connection.upstream.answered()
        }
        end(exchange, outcome)
    }

    /// The initial backoff after RESOURCE_EXHAUSTED, as PROTOCOL.md requires.
    private static let busyPause = Duration.milliseconds(100)

    private func failed(_ stream: UInt32, _ status: Status, _ connection: ClientConnection) {
        guard let exchange = connection.exchange(stream) else { return }
        let code = StatusCode(rawValue: status.code)
        let isBusy = code == .resourceExhausted
        let again =
            switch code {
            // With both, nothing was changed, so any method may be called again (PROTOCOL.md). An overloaded service
            // gets a longer pause.
            case .resourceExhausted, .unavailable: mayRestart(exchange)
            case .outcomeUnknown: mayRetry(exchange, connection)
            default: false
            }
        if hasAlternatives, isBusy || code == .unavailable { connection.upstream.refused(now, using: &random) }
        if again {
            if code == .outcomeUnknown { exchange.placement.mayHaveRun = true }
            connection.detach(stream)
            if hasAlternative(exchange, after: connection.upstream) {
                exchange.placement.refusals |= connection.upstream.bit
                return wait(exchange)
            }
            exchange.placement.refusals = 0
            let shortest = isBusy ? max(options.minBackoff, Self.busyPause) : options.minBackoff
            var pause = Backoff(shortest: shortest, longest: max(shortest, options.maxBackoff))
            for _ in 1..<max(2, exchange.placement.attempts) { _ = pause.failed(using: &random) }
            exchange.placement.retryTime = now + pause.failed(using: &random)
            return wait(exchange)
        }
        finish(stream, .failure(.status(status, of: exchange.method)), connection)
    }

    private func damaged(_ stream: UInt32, last: Bool, _ connection: ClientConnection) {
        if !last { connection.put(.cancel, stream: stream) }
        let method = connection.exchange(stream)?.method ?? ""
        finish(
            stream,
            .failure(
                .dataLoss(
                    "\(method): the checksum of the response is wrong: the article was damaged on the service's disk or in transit. "
                        + "Try again; if the error persists, the stored article is damaged")), connection)
    }
}

extension RawSpan {
    fileprivate var copied: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

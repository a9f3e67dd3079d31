import ArticleProtocol

/// How a call gets onto a connection, and off it.
extension Driver {
    func start(_ exchange: Exchange) {
        guard closeBy == nil else { return end(exchange, .failure(.closed(endpoint))) }
        exchange.seat.waitingSince = now
        earliestDeadline = min(earliestDeadline, exchange.deadline)
        waiting.append(exchange)
    }

    /// Moves waiting calls onto the connection as long as it has room for them, and makes one if there is none.
    func placeWaiting() {
        guard !waiting.isEmpty else { return }
        guard let connection = current else {
            if now >= connectAt { connect() }
            return
        }
        if connection.isStale(now) {
            drop(connection)
            return connect()
        }
        var kept: [Exchange] = []
        var next = waiting.startIndex
        while next < waiting.endIndex, connection.state.hasRoom, connection.output.count < options.outgoingBytes {
            let exchange = waiting[next]
            next += 1
            if exchange.seat.notBefore > now { kept.append(exchange) } else { place(exchange, on: connection) }
        }
        earliestRepeat = kept.reduce(UInt64.max) { min($0, $1.seat.notBefore) }
        guard next > 0 else { return }
        waiting.replaceSubrange(..<next, with: kept)
    }

    private func place(_ exchange: Exchange, on connection: Connection) {
        guard !exchange.hasEnded else { return }  // cancelled while it waited
        guard let method = connection.methods[exchange.method] else {
            return end(exchange, .failure(unknown(exchange.method, connection)))
        }
        if let refusal = refusal(exchange, method, connection) { return end(exchange, .failure(refusal)) }
        let shape = exchange.shape
        guard let number = UInt16(exactly: method.number),
            let stream = connection.state.open(sending: shape.sends, streamsResponse: shape.streamsResponse)
        else {
            return end(exchange, .failure(.violation("the service gave \(method.name) the number \(method.number)")))
        }
        if connection.state.inFlight == 1 { connection.heardAt = now }  // only from now on is something expected
        connection.seat(exchange, on: stream)
        exchange.seat.attempts += 1
        let flags: FrameFlags = shape.sends ? [] : .end
        if exchange.deadline == .max {
            connection.put(.request, flags: flags, method: number, stream: stream, exchange.request)
        } else {
            let left = (exchange.deadline - min(exchange.deadline, now)) / 1_000_000
            let options = CallOptions(deadlineMs: UInt32(clamping: max(1, left))).encoded()
            // The length of the options is a varint; they are a few bytes.
            connection.put(
                .request, flags: flags.union(.options), method: number, stream: stream, [UInt8(options.count)], options,
                exchange.request)
        }
        exchange.seat.requestEnd = connection.output.position
        if shape.sends {
            connection.senders.append(exchange)
            connection.sendersReady = true
        }
    }

    private func unknown(_ method: String, _ connection: Connection) -> ClientError {
        ClientError(
            .status, .unimplemented,
            "\(method): the service at \(endpoint) has no such method. Is the plugin that offers it installed? "
                + "It has: \(connection.methods.keys.sorted().joined(separator: ", "))")
    }

    private func refusal(
        _ exchange: Exchange, _ method: MethodDescription, _ connection: Connection
    ) -> ClientError? {
        guard method.streamRequest == exchange.shape.sends,
            method.streamResponse == exchange.shape.streamsResponse
        else {
            return .misuse(
                "\(method.name) has \(method.streamRequest ? "a streamed" : "a one-message") request and "
                    + "\(method.streamResponse ? "a streamed" : "a one-message") response: use the call made for that")
        }
        let size = exchange.request.count + 16  // the options at most
        guard size <= connection.state.largestOutgoing else {
            return ClientError(
                .invalidRequest, .invalidArgument,
                "\(method.name): the request has \(exchange.request.count) bytes; the service at \(endpoint) takes "
                    + "\(connection.state.largestOutgoing - 16) at most")
        }
        return nil
    }

    /// Ends the call for its caller, and remembers whom to wake.
    func end(_ exchange: Exchange, _ outcome: Delivery) {
        var outcome = outcome
        if case .failure(let error) = outcome { outcome = .failure(error.afterDoubt(exchange.seat.mayHaveRun)) }
        if let woken = exchange.end(outcome) { resumptions.append(contentsOf: woken) }
    }

    /// The caller has gone, or its deadline has passed: the service is told, and the stream waits for its end.
    func withdraw(_ exchange: Exchange) {
        guard let connection = exchange.seat.connection else {
            waiting.removeAll { $0 === exchange }
            return
        }
        let stream = exchange.seat.stream
        if connection.state.abandon(stream) { connection.put(.cancel, stream: stream) }
        connection.unseat(stream)
    }

    func grant(_ bytes: Int, _ exchange: Exchange) {
        guard let connection = exchange.seat.connection else { return }
        let stream = exchange.seat.stream
        if connection.state.grant(bytes, on: stream) {
            connection.put(.credit, stream: stream, Credit(bytes: UInt32(clamping: bytes)).encoded())
        }
    }

    /// Sends what calls with streamed requests have for the service, as far as credit and room allow.
    func sendStreams(_ connection: Connection) {
        guard connection.sendersReady else { return }
        connection.sendersReady = false
        for exchange in connection.senders { sendStream(exchange, connection) }
    }

    private func sendStream(_ exchange: Exchange, _ connection: Connection) {
        let stream = exchange.seat.stream
        defer { resumptions.append(contentsOf: exchange.roomMade()) }
        while true {
            let allowed =
                connection.state.maySend(on: stream) && connection.output.count < options.outgoingBytes
            switch exchange.nextOutgoing(allowed: allowed) {
            case .message(let message, let last):
                guard message.count <= connection.state.largestOutgoing else {
                    end(exchange, .failure(tooLarge(message, exchange, connection)))
                    return withdraw(exchange)
                }
                exchange.seat.begun = true
                connection.state.sent(message.count, last: last, on: stream)
                connection.put(.message, flags: last ? .end : [], stream: stream, message)
                if last { return doneSending(exchange, connection) }
            case .end:
                connection.state.ended(stream)
                connection.put(.end, stream: stream)
                return doneSending(exchange, connection)
            case .blocked, .nothing: return
            }
        }
    }

    private func tooLarge(_ message: [UInt8], _ exchange: Exchange, _ connection: Connection) -> ClientError {
        ClientError(
            .invalidRequest, .invalidArgument,
            "\(exchange.method): a message of the request has \(message.count) bytes; the service at \(endpoint) takes "
                + "\(connection.state.largestOutgoing) at most")
    }

    private func doneSending(_ exchange: Exchange, _ connection: Connection) {
        connection.senders.removeAll { $0 === exchange }
    }
}

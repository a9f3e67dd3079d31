// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

// Placing calls on connections.
extension Driver {
    func start(_ exchange: Exchange) {
        guard closeDeadline == nil else { return end(exchange, .failure(.closed(endpoints))) }
        exchange.placement.waitingSince = now
        earliestDeadline = min(earliestDeadline, exchange.deadline)
        waiting.append(exchange)
    }

    func place(_ exchange: Exchange, on connection: ClientConnection) {
        guard let method = connection.methods[exchange.method] else {
            return end(exchange, .failure(unknown(exchange.method, connection)))
        }
        if let refusal = refusal(exchange, method, connection) { return end(exchange, .failure(refusal)) }
        let shape = exchange.shape
        guard let number = UInt16(exactly: method.number),
            let stream = connection.state.open(sending: shape.sends, streamsResponse: shape.streamsResponse)
        else {
            return end(
                exchange, .failure(.violation("the service gave \(method.name) the invalid number \(method.number)")))
        }
        if connection.state.inFlight == 1 { connection.lastReceived = now }  // a response is expected only from now on
        connection.attach(exchange, on: stream)
        exchange.placement.attempts += 1
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
        exchange.placement.requestEnd = connection.output.position
        if exchange.silence != .max {
            exchange.placement.lastHeard = now
            connection.beating.append(exchange)
        }
        if shape.sends {
            connection.senders.append(exchange)
            connection.sendersReady = true
        }
    }

    private func unknown(_ method: String, _ connection: ClientConnection) -> ClientError {
        ClientError(
            .status, .unimplemented,
            "\(method): the service at \(connection.endpoint) has no such method. Is the plugin that offers it installed? "
                + "It has: \(connection.methods.keys.sorted().joined(separator: ", "))")
    }

    private func refusal(
        _ exchange: Exchange, _ method: MethodDescription, _ connection: ClientConnection
    ) -> ClientError? {
        guard method.streamRequest == exchange.shape.sends,
            method.streamResponse == exchange.shape.streamsResponse
        else {
            return .misuse(
                "\(method.name) has \(method.streamRequest ? "a streamed" : "a one-message") request and "
                    + "\(method.streamResponse ? "a streamed" : "a one-message") response: use the matching function of the client"
            )
        }
        let size = exchange.request.count + 16  // the options at most
        guard size <= connection.state.maxOutgoing else {
            return ClientError(
                .invalidRequest, .invalidArgument,
                "\(method.name): the request has \(exchange.request.count) bytes; the service at \(connection.endpoint) accepts "
                    + "\(connection.state.maxOutgoing - 16) at most")
        }
        return nil
    }

    /// Ends the call for its caller, and collects the tasks to resume.
    func end(_ exchange: Exchange, _ outcome: Delivery) {
        var outcome = outcome
        if case .failure(let error) = outcome { outcome = .failure(error.afterDoubt(exchange.placement.mayHaveRun)) }
        if let woken = exchange.end(outcome) { resumptions.append(contentsOf: woken) }
    }

    /// The caller no longer waits, or the deadline has passed. Sends CANCEL; the stream then waits for its last frame.
    func cancelStream(_ exchange: Exchange) {
        guard let connection = exchange.placement.connection else {
            waiting.removeAll { $0 === exchange }
            return
        }
        let stream = exchange.placement.stream
        if connection.state.cancel(stream) { connection.put(.cancel, stream: stream) }
        connection.detach(stream)
    }

    func grant(_ bytes: Int, _ exchange: Exchange) {
        guard let connection = exchange.placement.connection else { return }
        exchange.placement.lastHeard = now
        let stream = exchange.placement.stream
        if connection.state.grant(bytes, on: stream) {
            connection.put(.credit, stream: stream, Credit(bytes: UInt32(clamping: bytes)).encoded())
        }
    }

    /// Sends messages of streamed requests, as far as credit and the output buffer allow.
    func sendStreams(_ connection: ClientConnection) {
        guard connection.sendersReady else { return }
        connection.sendersReady = false
        for exchange in connection.senders { sendStream(exchange, connection) }
    }

    private func sendStream(_ exchange: Exchange, _ connection: ClientConnection) {
        let stream = exchange.placement.stream
        defer { resumptions.append(contentsOf: exchange.roomMade()) }
        while true {
            let allowed =
                connection.state.maySend(on: stream) && connection.output.count < options.maxOutgoingBytes
            switch exchange.nextOutgoing(allowed: allowed) {
            case .message(let message, let last):
                guard message.count <= connection.state.maxOutgoing else {
                    end(exchange, .failure(tooLarge(message, exchange, connection)))
                    return cancelStream(exchange)
                }
                exchange.placement.begun = true
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

    private func tooLarge(_ message: [UInt8], _ exchange: Exchange, _ connection: ClientConnection) -> ClientError {
        ClientError(
            .invalidRequest, .invalidArgument,
            "\(exchange.method): a message of the request has \(message.count) bytes; the service at \(connection.endpoint) accepts "
                + "\(connection.state.maxOutgoing) at most")
    }

    private func doneSending(_ exchange: Exchange, _ connection: ClientConnection) {
        connection.senders.removeAll { $0 === exchange }
    }
}

public import ArticleProtocol

/// Any method that the service's table has, of our plugins or of others.
extension ArticleClient {
    /// One encoded message there, one back.
    public func call(
        _ method: String, payload: [UInt8], policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> [UInt8] {
        let exchange = begin(method, .unary, payload, policy)
        guard let answer = try await exchange.next(mailbox) else {
            throw .violation("\(method): the service ended the call without an answer")
        }
        return answer
    }

    /// One message there, one back.
    public func call<Request: ProtocolMessage, Response: ProtocolMessage>(
        _ method: String, _ request: Request, returning: Response.Type = Response.self,
        policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Response {
        let answer = try await call(method, payload: request.encoded(), policy: policy)
        return try Response(answer, of: method)
    }

    /// One message there, many back. The call is made when the iteration begins, anew by each iteration, and ends with
    /// it. The service sends only as far ahead as ``ClientOptions/streamWindow`` says.
    public func stream<Request: ProtocolMessage, Response: ProtocolMessage>(
        _ method: String, _ request: Request, returning: Response.Type = Response.self,
        policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<Response> {
        ResponseStream(client: self, method: method, request: request.encoded(), policy: policy) {
            (bytes) throws(ClientError) in try Response(bytes, of: method)
        }
    }

    /// As above, with encoded messages.
    public func stream(
        _ method: String, payload: [UInt8], policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<[UInt8]> {
        ResponseStream(client: self, method: method, request: payload, policy: policy) { $0 }
    }

    /// Begins a call with a streamed request; its response may be one message or streamed, as `streamsResponse` says.
    public func open(
        _ method: String, streamsResponse: Bool, policy: CallPolicy = CallPolicy()
    ) -> CallStream {
        CallStream(
            client: self, exchange: begin(method, streamsResponse ? .streamedBoth : .streamedRequest, [], policy))
    }
}

extension ProtocolMessage {
    init(_ bytes: [UInt8], of method: String) throws(ClientError) {
        do {
            try self.init(decoding: bytes)
        } catch {
            throw .violation("\(method): the answer is no \(Self.name): \(error)")
        }
    }
}

public import ArticleProtocol
import CLinux

/// A connection to articled, shared by as many tasks as like to.
///
/// It connects when the first call is made, and again when a connection is lost and calls are waiting. All calls go over
/// one connection, many at once, and are answered in any order. Each call throws ``ClientError`` and nothing else; a
/// cancelled task's call ends at once, and the service is told to stop.
///
/// A thread of its own does the reading and writing. It ends when the client is closed or no longer referred to.
public final class ArticleClient: Sendable {
    public let endpoint: Endpoint
    public let options: ClientOptions
    let mailbox: Mailbox

    public init(endpoint: Endpoint = .systemDefault, options: ClientOptions = ClientOptions()) {
        self.endpoint = endpoint
        self.options = options
        let mailbox = Mailbox()
        self.mailbox = mailbox
        if let error = mailbox.failure ?? Self.startThread(endpoint, options, mailbox) { mailbox.refuse(error) }
    }

    private static func startThread(
        _ endpoint: Endpoint, _ options: ClientOptions, _ mailbox: Mailbox
    ) -> ClientError? {
        let error = IOThread.start {
            let number = clinux_epoll_create()
            guard number >= 0 else { return mailbox.refuse(.cannotStart(.current)) }
            let poller = Descriptor(owning: number)
            guard
                clinux_epoll_add(poller.number, mailbox.wakeUp, UInt32(CLINUX_READABLE), 0) == 0
            else { return mailbox.refuse(.cannotStart(.current)) }
            Driver(endpoint: endpoint, options: options, mailbox: mailbox, poller: poller).run()
        }
        return error.map { ClientError.cannotStart($0) }
    }

    deinit { mailbox.submit(.close(deadline: 0, nil)) }

    /// Takes no new calls, lets those in flight finish for at most `grace`, and closes the connection. Calls that are
    /// not over by then fail with ``ClientError/Kind/closed``.
    public func close(grace: Duration = .seconds(5)) async {
        let deadline = Clock.after(grace)
        await withCheckedContinuation { continuation in
            if !mailbox.submit(.close(deadline: deadline, continuation)) { continuation.resume() }
        }
    }

    /// Begins a call.
    func begin(
        _ method: String, _ shape: Exchange.Shape, _ request: [UInt8], _ policy: CallPolicy
    ) -> Exchange {
        let exchange = Exchange(
            method: method, shape: shape, request: request,
            deadline: Clock.after(policy.deadline ?? options.deadline), retry: policy.retry,
            window: options.streamWindow)
        if !mailbox.submit(.start(exchange)) { _ = exchange.end(.failure(mailbox.failure ?? .closed(endpoint))) }
        return exchange
    }
}

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

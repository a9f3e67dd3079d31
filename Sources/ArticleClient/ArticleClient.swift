// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
import LinuxRuntime

/// A client of an articled service, or of several that offer the same articles.
///
/// The client is safe to use from any number of tasks. It connects at the first call, and again when a connection was
/// lost and calls are waiting. All calls share one connection to each endpoint; they are in flight at the same time and
/// finish in any order.
///
/// A client of several endpoints chooses one for each call: see ``LoadBalancing``. When an endpoint is lost, refuses
/// calls or is about to stop, the others get the calls at once, and also those that were in flight, where a second attempt
/// is safe: see ``Retry``. The lost one is tried again after a growing pause, while calls are made.
///
/// Each call throws ``ClientError`` and nothing else. A call whose task is cancelled ends at once, and the client tells
/// the service to stop the work.
///
/// The client has one thread of its own, which does all reading and writing. Callers never block a thread. The thread
/// ends when the client is closed or released.
public final class ArticleClient: Sendable {
    /// The addresses of the services, in the order of preference. Never empty.
    public let endpoints: [Endpoint]
    /// The first of ``endpoints``.
    public var endpoint: Endpoint { endpoints[0] }
    /// The options that the client was created with.
    public let options: ClientOptions
    let mailbox: Mailbox

    /// Creates a client. It does not connect yet, and starts its thread.
    ///
    /// If the thread cannot be started, every call throws an error that says so.
    public convenience init(endpoint: Endpoint, options: ClientOptions = ClientOptions()) {
        self.init(.success([endpoint]), options)
    }

    /// Creates a client of several services that have the same articles, because they share one storage. It does not
    /// connect yet, and starts its thread.
    ///
    /// If the list is empty or has more than ``Endpoint/maxCount`` endpoints, or the thread cannot be started, every call
    /// throws an error that says so.
    ///
    /// - Parameter endpoints: in the order of preference, if ``ClientOptions/loadBalancing`` observes one.
    public convenience init(endpoints: [Endpoint], options: ClientOptions = ClientOptions()) {
        self.init(
            Result { () throws(ClientError) in try Endpoint.checked(endpoints, "the list of endpoints") }, options)
    }

    /// Creates a client of the services that the environment variable `ARTICLED_ENDPOINT` names, as articlectl does;
    /// without it, of the system's service: ``Endpoint/systemDefault``. Several endpoints are separated by commas.
    ///
    /// If the variable has something else, or the thread cannot be started, every call throws an error that says so.
    public convenience init(options: ClientOptions = ClientOptions()) {
        self.init(Result { () throws(ClientError) in try Endpoint.environment() }, options)
    }

    init(_ endpoints: Result<[Endpoint], ClientError>, _ options: ClientOptions = ClientOptions()) {
        self.options = options
        let mailbox = Mailbox()
        self.mailbox = mailbox
        switch endpoints {
        case .success(let endpoints):
            self.endpoints = endpoints
            if let error = mailbox.failure ?? Self.startThread(endpoints, options, mailbox) { mailbox.fail(error) }
        case .failure(let error):
            self.endpoints = [.systemDefault]
            mailbox.fail(error)
        }
    }

    private static func startThread(
        _ endpoints: [Endpoint], _ options: ClientOptions, _ mailbox: Mailbox
    ) -> ClientError? {
        do throws(SystemError) {
            try Thread.detach("article-client") {
                do throws(SystemError) {
                    let poller = try Poller(capacity: 16)
                    try mailbox.watch(with: poller, token: 0)
                    Driver(endpoints: endpoints, options: options, mailbox: mailbox, poller: poller).run()
                } catch {
                    mailbox.fail(.cannotStart(error))
                }
            }
            return nil
        } catch {
            return .cannotStart(error)
        }
    }

    deinit { mailbox.submit(.close(deadline: 0, nil)) }

    /// Closes the client and returns when the connection is closed.
    ///
    /// The client accepts no new calls. Calls in flight may finish within `grace`. Calls that have not finished by
    /// then, and all later ones, fail with ``ClientError/Kind/closed``.
    public func close(grace: Duration = .seconds(5)) async {
        let deadline = MonotonicClock.after(grace)
        await withCheckedContinuation { continuation in
            if !mailbox.submit(.close(deadline: deadline, continuation)) { continuation.resume() }
        }
    }

    /// Begins a call.
    ///
    /// - Parameters:
    ///   - allowed: the endpoints that can serve it, as a set of bits by index.
    ///   - avoided: those that serve it only if no other is connected.
    func begin(
        _ method: String, _ shape: Exchange.Shape, _ request: [UInt8], _ policy: CallPolicy, allowed: UInt64 = .max,
        avoided: UInt64 = 0
    ) -> Exchange {
        let exchange = Exchange(
            method: method, shape: shape, request: request,
            deadline: MonotonicClock.after(policy.deadline ?? options.deadline), retry: policy.retry,
            window: options.streamWindow, allowed: allowed, avoided: avoided)
        submit(exchange)
        return exchange
    }

    /// Begins a call without a deadline, whose streamed response has heartbeats.
    ///
    /// - Parameter silence: the longest time without a message, while the caller waits for one, before the stream counts as
    ///   lost.
    func begin(endless method: String, _ request: [UInt8], silence: Duration) -> Exchange {
        let exchange = Exchange(
            method: method, shape: .streamedResponse, request: request, deadline: .max, retry: .idempotent,
            window: options.streamWindow, silence: silence.nanoseconds)
        submit(exchange)
        return exchange
    }

    /// Begins a stream of articles to store.
    ///
    /// - Parameter avoided: the endpoints that have just refused articles.
    func openUpload(_ policy: CallPolicy, avoiding avoided: UInt64) -> CallStream {
        CallStream(client: self, exchange: begin(Upload.method, .streamedBoth, [], policy, avoided: avoided))
    }

    private func submit(_ exchange: Exchange) {
        if !mailbox.submit(.start(exchange)) { _ = exchange.end(.failure(mailbox.failure ?? .closed(endpoints))) }
    }
}

// Calls of any method in the service's table, including those of third-party plugins.
extension ArticleClient {
    /// Calls a method with one encoded request message and one encoded response message.
    ///
    /// - Parameters:
    ///   - method: the method's name, such as `"words.count"`.
    ///   - payload: the encoded request message.
    /// - Returns: the encoded response message.
    public func call(
        _ method: String, payload: [UInt8], policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> [UInt8] {
        let exchange = begin(method, .unary, payload, policy)
        guard let response = try await exchange.next(mailbox) else {
            throw .violation("\(method): the service ended the call without a response")
        }
        return response
    }

    /// Calls a method with one request message and one response message.
    ///
    /// - Parameter method: the method's name, such as `"fetch.get"`.
    public func call<Request: ProtocolMessage, Response: ProtocolMessage>(
        _ method: String, _ request: Request, returning: Response.Type = Response.self,
        policy: CallPolicy = CallPolicy()
    ) async throws(ClientError) -> Response {
        let response = try await call(method, payload: request.encoded(), policy: policy)
        return try Response(response, of: method)
    }

    /// Calls a method with one request message and a streamed response.
    ///
    /// Each iteration makes the call once: it starts with the iteration and ends with it. The service sends at most
    /// ``ClientOptions/streamWindow`` bytes ahead of the reader.
    public func stream<Request: ProtocolMessage, Response: ProtocolMessage>(
        _ method: String, _ request: Request, returning: Response.Type = Response.self,
        policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<Response> {
        ResponseStream(client: self, method: method, request: request.encoded(), policy: policy) {
            (bytes) throws(ClientError) in try Response(bytes, of: method)
        }
    }

    /// Calls a method with one encoded request message and a streamed response of encoded messages.
    ///
    /// Each iteration makes the call once: it starts with the iteration and ends with it.
    public func stream(
        _ method: String, payload: [UInt8], policy: CallPolicy = CallPolicy()
    ) -> ResponseStream<[UInt8]> {
        ResponseStream(client: self, method: method, request: payload, policy: policy) { $0 }
    }

    /// Begins a call with a streamed request.
    ///
    /// - Parameter streamsResponse: whether the method's response is streamed as well. It must match the service's
    ///   method table; otherwise the call fails with ``ClientError/Kind/misuse``.
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
            throw .violation("\(method): the response is not a valid \(Self.name): \(error)")
        }
    }
}

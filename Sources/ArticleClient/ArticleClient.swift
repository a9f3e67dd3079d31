import LinuxRuntime

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
        do throws(SystemError) {
            try Thread.detach("article-client") {
                do throws(SystemError) {
                    let poller = try Poller(capacity: 16)
                    try mailbox.watch(with: poller, token: 0)
                    Driver(endpoint: endpoint, options: options, mailbox: mailbox, poller: poller).run()
                } catch {
                    mailbox.refuse(.cannotStart(error))
                }
            }
            return nil
        } catch {
            return .cannotStart(error)
        }
    }

    deinit { mailbox.submit(.close(deadline: 0, nil)) }

    /// Takes no new calls, lets those in flight finish for at most `grace`, and closes the connection. Calls that are
    /// not over by then fail with ``ClientError/Kind/closed``.
    public func close(grace: Duration = .seconds(5)) async {
        let deadline = MonotonicClock.after(grace)
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
            deadline: MonotonicClock.after(policy.deadline ?? options.deadline), retry: policy.retry,
            window: options.streamWindow)
        if !mailbox.submit(.start(exchange)) { _ = exchange.end(.failure(mailbox.failure ?? .closed(endpoint))) }
        return exchange
    }
}

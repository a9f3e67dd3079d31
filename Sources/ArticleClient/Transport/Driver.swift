import ArticleProtocol
import LinuxRuntime

/// The client's I/O thread: everything that touches a socket. One turn takes what the sockets and the tasks have to
/// say, sends the answers of all of it with one system call a connection, and then resumes the tasks that may go on.
final class Driver {
    let endpoint: Endpoint
    let options: ClientOptions
    let mailbox: Mailbox
    let poller: Poller
    /// Where new calls go.
    var current: Connection?
    /// Connections that finish what is in flight and take nothing new: the service said go-away.
    var leaving: [Connection] = []
    /// Calls that wait for a connection, or for room on it, in the order in which they came.
    var waiting: [Exchange] = []
    /// Tasks to resume at the end of this turn.
    var resumptions: [Resumption] = []
    /// No call's deadline is earlier; it may be later, as ended calls are not looked for.
    var earliestDeadline = UInt64.max
    var backoff: Backoff
    /// No attempt to connect before.
    var connectAt: UInt64 = 0
    /// The endpoint's addresses that this attempt has not tried yet, and when the attempt must be done.
    var candidates: [SocketAddress] = []
    var connectBy: UInt64 = 0
    /// Since when `current` is nil.
    var withoutConnectionSince: UInt64 = 0
    /// No waiting call may be repeated before.
    var earliestRepeat = UInt64.max
    var random = SystemRandomNumberGenerator()
    /// What kept the client from connecting the last time.
    var lastFailure: ClientError?
    /// A service was once reached.
    var everOpened = false
    /// The client is being closed: by when, and who waits for it.
    var closeBy: UInt64?
    var closers: [CheckedContinuation<Void, Never>] = []
    var ended = false
    var now = MonotonicClock.now
    private var submissions: [Mailbox.Submission] = []
    private var lastToken: UInt64 = 0

    init(endpoint: Endpoint, options: ClientOptions, mailbox: Mailbox, poller: consuming Poller) {
        self.endpoint = endpoint
        self.options = options
        self.mailbox = mailbox
        self.poller = poller
        backoff = Backoff(shortest: options.shortestPause, longest: options.longestPause)
    }

    var nextToken: UInt64 {
        lastToken += 1
        return lastToken
    }

    /// Until the client is closed.
    func run() {
        while !ended {
            let count = poller.wait(
                timeout: mailbox.fallAsleep() ? MonotonicClock.pollTimeout(until: nextTimer) : 0)
            now = MonotonicClock.now
            for index in 0..<count {
                let (token, readiness) = poller.event(index)
                handle(readiness, token)
            }
            mailbox.take(into: &submissions)
            for submission in submissions { handle(submission) }
            submissions.removeAll(keepingCapacity: true)
            handleTimers()
            flushAll()
            finishClosing()
            resume()
        }
    }

    private func handle(_ readiness: Poller.Readiness, _ token: UInt64) {
        if token == 0 { return mailbox.clearWakeUp() }
        guard let connection = connection(token) else { return }  // closed earlier in this turn
        if connection.phase == .connecting {
            finishConnecting(connection)
        } else if !readiness.subtracting(.writable).isEmpty {
            receive(connection)
        }
        connection.sendersReady = true
    }

    private func handle(_ submission: Mailbox.Submission) {
        switch submission {
        case .start(let exchange): start(exchange)
        case .outgoing(let exchange): exchange.seat.connection?.sendersReady = true
        case .credit(let exchange, let bytes): grant(bytes, exchange)
        case .cancel(let exchange): withdraw(exchange)
        case .close(let deadline, let continuation):
            closeBy = min(closeBy ?? .max, deadline)
            if let continuation { closers.append(continuation) }
        }
    }

    private func connection(_ token: UInt64) -> Connection? {
        if let current, current.token == token { return current }
        return leaving.first { $0.token == token }
    }

    private func resume() {
        for resumption in resumptions { resumption.resume() }
        resumptions.removeAll(keepingCapacity: true)
    }
}

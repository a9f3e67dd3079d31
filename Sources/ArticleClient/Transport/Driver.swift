// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import TLSTransport

/// The client's I/O thread, which does everything with sockets. One turn processes the events of the sockets and the
/// submissions of the tasks, writes to each connection with one system call, and then resumes the tasks that may
/// continue.
final class Driver {
    /// The endpoints, in the caller's order. Never empty.
    let upstreams: [Upstream]
    var endpoints: [Endpoint] { upstreams.map(\.endpoint) }
    let options: ClientOptions
    let mailbox: Mailbox
    let poller: Poller
    /// Connections on which the service sent GO_AWAY. Calls in flight finish; there are no new ones.
    var draining: [ClientConnection] = []
    /// Calls that wait for a connection, or for room on it, in order.
    var waiting: [Exchange] = []
    /// Tasks to resume at the end of this turn.
    var resumptions: [Resumption] = []
    /// No call has an earlier deadline. The next deadline may be later, because ended calls are not removed from this.
    var earliestDeadline = UInt64.max
    /// The endpoint that is the first to be considered for the next call.
    var firstChoice = 0
    /// Since when no connection has been open.
    var withoutConnectionSince: UInt64 = 0
    /// The earliest time at which a waiting call may be sent again.
    var earliestRetry = UInt64.max
    /// When the first of the calls fails that no connected endpoint can serve.
    var earliestStranded = UInt64.max
    var random = SystemRandomNumberGenerator()
    /// The client has connected at least once.
    var hasConnected = false
    /// The client is being closed: the deadline, and the tasks that wait for the end.
    var closeDeadline: UInt64?
    var closers: [CheckedContinuation<Void, Never>] = []
    var ended = false
    var now = MonotonicClock.now
    /// Memory for encrypted bytes.
    lazy var scratch = TLSScratch()
    /// Connections with bytes that their sockets do not report.
    var unread: [ClientConnection] = []
    private var submissions: [Mailbox.Submission] = []
    private var lastToken: UInt64 = 0

    init(endpoints: [Endpoint], options: ClientOptions, mailbox: Mailbox, poller: consuming Poller) {
        upstreams = endpoints.enumerated().map { Upstream(index: $0, endpoint: $1, options: options) }
        self.options = options
        self.mailbox = mailbox
        self.poller = poller
        // Many clients with the same list do not all begin with its first endpoint.
        firstChoice = Int.random(in: upstreams.indices, using: &random)
    }

    var nextToken: UInt64 {
        lastToken += 1
        return lastToken
    }

    /// Runs until the client is closed.
    func run() {
        while !ended {
            let maySleep = mailbox.prepareToSleep() && unread.isEmpty
            let count = poller.wait(
                timeout: maySleep ? MonotonicClock.pollTimeout(until: nextTimer) : 0)
            now = MonotonicClock.now
            for index in 0..<count {
                let (token, readiness) = poller.event(index)
                handle(readiness, token)
            }
            receiveUnread()
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
        } else if connection.phase == .securing {
            secure(connection)
        } else if !readiness.subtracting(.writable).isEmpty {
            receive(connection)
        }
        connection.sendersReady = true
    }

    private func handle(_ submission: Mailbox.Submission) {
        switch submission {
        case .start(let exchange): start(exchange)
        case .outgoing(let exchange): exchange.placement.connection?.sendersReady = true
        case .credit(let exchange, let bytes): grant(bytes, exchange)
        case .cancel(let exchange): cancelStream(exchange)
        case .resolved(let index, let result): resolved(upstreams[index], result)
        case .close(let deadline, let continuation):
            closeDeadline = min(closeDeadline ?? .max, deadline)
            if let continuation { closers.append(continuation) }
        }
    }

    private func connection(_ token: UInt64) -> ClientConnection? {
        for upstream in upstreams { if let current = upstream.current, current.token == token { return current } }
        return draining.first { $0.token == token }
    }

    private func resume() {
        for resumption in resumptions { resumption.resume() }
        resumptions.removeAll(keepingCapacity: true)
    }
}

// Sending.
extension Driver {
    /// Places waiting calls and sends, until nothing is left or the sockets are full.
    func flushAll() {
        repeat {
            placeWaiting()
        } while flushUpstreams()
        for connection in draining { while flush(connection) {} }
        for connection in draining where connection.state.inFlight == 0 && connection.output.isEmpty {
            drop(connection)
        }
    }

    /// True: everything was sent on one of the connections, and more may be placed.
    private func flushUpstreams() -> Bool {
        var more = false
        for upstream in upstreams { if let connection = upstream.current, flush(connection) { more = true } }
        return more
    }

    private func flush(_ connection: ClientConnection) -> Bool {
        guard connection.phase == .connected, !connection.dropped else { return false }
        sendStreams(connection)
        guard !connection.output.isEmpty else {
            setAwaitsWritable(false, connection)
            return false
        }
        if let error = connection.output.flush(connection.socket) {
            // The service may have sent the reason before it closed. Read to the end first.
            while receive(connection) {}
            if !connection.dropped { connectionLost(connection, "the connection broke: \(error.text)") }
            return false
        }
        let full = !connection.output.isEmpty
        setAwaitsWritable(full, connection)
        connection.sendersReady = !full && !connection.senders.isEmpty
        return !full
    }

    func setAwaitsWritable(_ awaits: Bool, _ connection: ClientConnection) {
        guard connection.awaitsWritable != awaits else { return }
        connection.awaitsWritable = awaits
        try? poller.modify(
            connection.socket.descriptor.number, awaits ? [.readable, .writable] : .readable, token: connection.token)
    }
}

// Closing the client.
extension Driver {
    /// Ends the thread when the last call has ended or the deadline has passed.
    func finishClosing() {
        guard let closeDeadline else { return }
        let idle =
            waiting.isEmpty && upstreams.allSatisfy { $0.current?.isIdle ?? true } && draining.allSatisfy(\.isIdle)
        guard idle || now >= closeDeadline else { return }
        for connection in upstreams.compactMap(\.current) + draining {
            drop(connection)
            for case .some(let exchange) in connection.exchanges {
                exchange.placement.connection = nil
                end(exchange, .failure(.closed(endpoints)))
            }
        }
        for exchange in waiting { end(exchange, .failure(.closed(endpoints))) }
        waiting = []
        for submission in mailbox.retire() {
            switch submission {
            case .start(let exchange): end(exchange, .failure(.closed(endpoints)))
            case .close(_, let continuation): if let continuation { closers.append(continuation) }
            case .outgoing, .credit, .cancel, .resolved: break
            }
        }
        for closer in closers { resumptions.append(.closer(closer)) }
        closers = []
        ended = true
    }
}

import ArticleProtocol
import CLinux

/// The client's I/O thread: everything that touches a socket. One turn takes what the sockets and the tasks have to
/// say, sends the answers of all of it with one system call a connection, and then resumes the tasks that may go on.
final class Driver {
    let endpoint: Endpoint
    let options: ClientOptions
    let mailbox: Mailbox
    let poller: Descriptor
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
    var now = Clock.now
    private var submissions: [Mailbox.Submission] = []
    private var lastToken: UInt64 = 0

    init(endpoint: Endpoint, options: ClientOptions, mailbox: Mailbox, poller: consuming Descriptor) {
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
        var events = [clinux_event](repeating: clinux_event(), count: 16)
        while !ended {
            let timeout = mailbox.fallAsleep() ? milliseconds(until: nextTimer) : 0
            let count = unsafe events.withUnsafeMutableBufferPointer {
                unsafe clinux_epoll_wait(poller.number, $0.baseAddress, Int32($0.count), timeout)
            }
            now = Clock.now
            for event in events.prefix(max(0, Int(count))) { handle(event) }
            mailbox.take(into: &submissions)
            for submission in submissions { handle(submission) }
            submissions.removeAll(keepingCapacity: true)
            handleTimers()
            flushAll()
            finishClosing()
            resume()
        }
    }

    private func handle(_ event: clinux_event) {
        if event.token == 0 { return mailbox.clearWakeUp() }
        guard let connection = connection(event.token) else { return }  // closed earlier in this turn
        if connection.phase == .connecting {
            finishConnecting(connection)
        } else if event.events & ~UInt32(CLINUX_WRITABLE) != 0 {
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

    private func milliseconds(until time: UInt64) -> Int32 {
        guard time != .max else { return -1 }
        let now = Clock.now
        guard time > now else { return 0 }
        return Int32(clamping: (time - now) / 1_000_000 + 1)  // never early: an early one would spin
    }
}

/// What goes to the sockets.
extension Driver {
    /// Places what waits and sends it, until there is nothing left or the sockets are full.
    func flushAll() {
        repeat {
            placeWaiting()
        } while current.map(flush) ?? false
        for connection in leaving { while flush(connection) {} }
        for connection in leaving where connection.state.inFlight == 0 && connection.output.isEmpty { drop(connection) }
    }

    /// True: everything was sent, and there may be room for more.
    private func flush(_ connection: Connection) -> Bool {
        guard connection.phase == .connected, !connection.dropped else { return false }
        sendStreams(connection)
        guard !connection.output.isEmpty else {
            setAwaitsWritable(false, connection)
            return false
        }
        if let error = connection.output.flush(connection.socket) {
            // The service may have said why before it closed: read to the end first.
            while receive(connection) {}
            if !connection.dropped { lose(connection, "the connection broke: \(error.text)") }
            return false
        }
        let full = !connection.output.isEmpty
        setAwaitsWritable(full, connection)
        connection.sendersReady = !full && !connection.senders.isEmpty
        return !full
    }

    private func setAwaitsWritable(_ awaits: Bool, _ connection: Connection) {
        guard connection.awaitsWritable != awaits else { return }
        connection.awaitsWritable = awaits
        let interest = UInt32(CLINUX_READABLE | (awaits ? CLINUX_WRITABLE : 0))
        _ = clinux_epoll_modify(
            poller.number, connection.socket.descriptor.number, interest, connection.token)
    }
}

/// The client's end.
extension Driver {
    /// Ends the thread once the last call is over, or its time is up.
    func finishClosing() {
        guard let closeBy else { return }
        let idle = waiting.isEmpty && (current?.isIdle ?? true) && leaving.allSatisfy(\.isIdle)
        guard idle || now >= closeBy else { return }
        for connection in [current].compactMap({ $0 }) + leaving {
            drop(connection)
            for case .some(let exchange) in connection.exchanges {
                exchange.seat.connection = nil
                end(exchange, .failure(.closed(endpoint)))
            }
        }
        for exchange in waiting { end(exchange, .failure(.closed(endpoint))) }
        waiting = []
        for submission in mailbox.retire() {
            switch submission {
            case .start(let exchange): end(exchange, .failure(.closed(endpoint)))
            case .close(_, let continuation): if let continuation { closers.append(continuation) }
            case .outgoing, .credit, .cancel: break
            }
        }
        for closer in closers { resumptions.append(.closer(closer)) }
        closers = []
        ended = true
    }
}

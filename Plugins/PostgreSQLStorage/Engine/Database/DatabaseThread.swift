// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// The thread that owns the open connections: it sends what others have queued, and answers them.
final class DatabaseThread: Sendable {
    private struct Inbox {
        var connections: [(link: Int, connection: Connection)] = []
        var reads: [ReadRequest] = []
        /// Reads that were not answered.
        var unanswered = 0
        /// When the thread is to end at the latest.
        var stopsBy: UInt64?
    }

    /// How much longer than a statement may take the server may be silent, in nanoseconds.
    private static let silence: UInt64 = 5_000_000_000
    private static let wakeUpToken = UInt64.max

    private let inbox = Mutex(Inbox())
    private let wakeUp: EventDescriptor
    private let poller: PollerBox
    private let settings: EngineSettings
    /// How long a request waits for a connection, in nanoseconds.
    private let patience: UInt64
    private let connectors: Connectors
    private let writes: WriteQueue
    private let watchers: ChangeWatchers
    private let figures: Figures
    private let log: PluginLog
    /// Whether the connection that writes is there, and how many that read.
    private let connected = Mutex((writer: false, readers: 0))
    private let connectionsChanged = Semaphore()

    init(
        _ settings: EngineSettings, _ connectors: Connectors, _ watchers: ChangeWatchers,
        _ figures: Figures,
        _ log: PluginLog
    ) throws(SystemError) {
        wakeUp = try EventDescriptor()
        poller = try PollerBox()
        try wakeUp.watch(with: poller.poller, token: Self.wakeUpToken)
        self.settings = settings
        patience = UInt64(clamping: settings.queueTimeout) * 1_000_000
        self.connectors = connectors
        self.watchers = watchers
        self.figures = figures
        self.log = log
        writes = WriteQueue(writes: settings.queueWrites, bytes: settings.queueBytes)
    }

    // MARK: Any thread

    /// Hands over a connection.
    func attach(_ link: Int, _ connection: Connection) {
        inbox.withLock { $0.connections.append((link, connection)) }
        wakeUp.signal()
    }

    /// Queues a write. Throws, without having queued it, if the queue is full or closed.
    func add(_ write: PendingWrite) throws(ServiceError) {
        try writes.add(write)
        wakeUp.signal()
    }

    /// Reads, and waits for the rows of each query.
    ///
    /// - Parameter mayBeStale: a replica may answer, if the configuration says so.
    func read(
        _ subject: ReadRequest.Subject, _ purpose: String, mayBeStale: Bool = false
    ) async throws(ServiceError) -> [Rows] {
        let request = ReadRequest(subject, purpose, mayBeStale: mayBeStale && settings.replicas != nil)
        try inbox.withLock { inbox throws(ServiceError) in
            guard inbox.stopsBy == nil else {
                throw ServiceError(.unavailable, "the storage is closing: reconnect and retry")
            }
            guard inbox.unanswered < settings.queueReads else {
                throw ServiceError(
                    .resourceExhausted,
                    "the database is slower than the readers (\(inbox.unanswered) reads are pending): retry later")
            }
            inbox.unanswered += 1
            inbox.reads.append(request)
        }
        wakeUp.signal()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { request.begin($0) }
        } onCancel: {
            request.end(.failure(ServiceError(.cancelled, "the task was cancelled")))
        }
        inbox.withLock { $0.unanswered -= 1 }
        return try answer.get()
    }

    /// Refuses new requests, and ends the thread when all writes were answered, or the time has come.
    func stop(by time: UInt64) {
        writes.close()
        inbox.withLock { $0.stopsBy = time }
        wakeUp.signal()
    }

    /// Whether the connection that writes is there, and how many that read.
    var connections: (writer: Bool, readers: Int) { connected.withLock { $0 } }

    /// Waits until one has come or gone, or a short time.
    func waitForConnections() { connectionsChanged.wait(nanoseconds: 20_000_000) }

    // MARK: The thread

    /// Runs until ``stop(by:)``. Not called twice.
    func run() {
        let links = settings.links.enumerated().map { Link($0.element, token: UInt64($0.offset), poller) }
        let observer = Observer(links[1], watchers, figures, log, keepDeletions: settings.keepDeletions)
        let writer = Writer(
            links[0], writes, log, trouble: { [self] in trouble },
            committed: { [figures] totals, count in
                figures.noteCommit(totals, writes: count)
                observer.committed()
            })
        var reads = ReadDispatcher(links.filter { $0.role == .reader })
        var staleReads = ReadDispatcher(links.filter { $0.role == .replica })
        for (index, link) in links.enumerated() {
            link.lost = { [self] link, reason in
                log.info("a connection was lost: \(reason)")
                note(links)
                connectors.order(index, link.role)
            }
            connectors.order(index, link.role)
        }
        var nextCheck: UInt64 = 0
        while true {
            let (connections, requests, stopsBy) = inbox.withLock { inbox in
                defer { (inbox.connections, inbox.reads) = ([], []) }
                return (inbox.connections, inbox.reads, inbox.stopsBy)
            }
            for (index, connection) in connections {
                links[index].attach(connection)
                if links[index].role == .watcher { observer.connected() }
            }
            if !connections.isEmpty { note(links) }
            reads.add(requests.filter { !$0.mayBeStale })
            staleReads.add(requests.filter(\.mayBeStale))
            reads.dispatch { [self] request, error in again(request, error) }
            staleReads.dispatch { [self] request, error in again(request, error) }
            writer.step()
            observer.step()
            let now = MonotonicClock.now
            if now >= nextCheck {
                nextCheck = now + 100_000_000
                check(links, writer, now)
                if now > patience {
                    reads.expire(before: now - patience, unavailable)
                    staleReads.expire(before: now - patience, unavailable)
                }
            }
            if let stopsBy, writer.isDone || now >= stopsBy {
                writer.abandon()
                reads.abandon()
                staleReads.abandon()
                // Answers what is under way.
                for link in links { link.lost = { _, _ in } }
                for link in links { link.drop("the storage is closing") }
                for request in inbox.withLock({ $0.reads }) {
                    request.end(.failure(ServiceError(.unavailable, "the storage is closing: reconnect and retry")))
                }
                return
            }
            wait(links, observer, until: min(nextCheck, writer.nextStep, observer.nextStep))
        }
    }

    private func wait(_ links: [Link], _ observer: Observer, until time: UInt64) {
        let count = poller.poller.wait(timeout: MonotonicClock.pollTimeout(until: time))
        for index in 0..<count {
            let (token, readiness) = poller.poller.event(index)
            if token == Self.wakeUpToken {
                wakeUp.clear()
                continue
            }
            let link = links[Int(token)]
            link.ready(readiness)
            if link.connection?.hasNotification() == true { observer.look() }
        }
    }

    private func check(_ links: [Link], _ writer: Writer, _ now: UInt64) {
        let timeout = UInt64(clamping: settings.statementTimeout) * 1_000_000 + Self.silence
        if now > timeout { for link in links { link.dropIfSilent(since: now - timeout) } }
        if now > patience { writer.expire(before: now - patience) }
        for link in links { if let cancellation = link.abandoned() { connectors.canceller.add(cancellation) } }
    }

    /// Why a request has waited so long.
    private var unavailable: ServiceError {
        trouble
            ?? ServiceError(
                .unavailable,
                "no connection to the database was free for \(patience / 1_000_000_000) s: retry later")
    }

    /// A read whose connection was lost is sent on another one, unless it has waited long enough.
    private func again(_ request: ReadRequest, _ error: DatabaseError) {
        if request.hasEnded { return }
        if MonotonicClock.elapsed(from: request.queuedAt, to: MonotonicClock.now) > patience {
            return request.end(.failure(trouble ?? error.status(request.purpose)))
        }
        inbox.withLock { $0.reads.append(request) }
        wakeUp.signal()
    }

    private func note(_ links: [Link]) {
        let readers = links.count { ($0.role == .reader || $0.role == .replica) && $0.isConnected }
        connected.withLock { $0 = (links[0].isConnected, readers) }
        connectionsChanged.signal()
    }

    /// Why there is no connection.
    private var trouble: ServiceError? {
        if case .failing(let error, _) = connectors.trouble { error } else { nil }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// The changes of articles, in order, as a sequence without end.
///
/// The service keeps the latest change of each article. A reader that was away gets each article once, in its present
/// state. The service sends at most ``ClientOptions/streamWindow`` bytes ahead of the reader, so a slow reader uses no
/// memory on either side, and misses nothing.
///
/// If the connection is lost, the service restarts or falls silent, the client connects again, with a growing pause, and
/// continues after the last change. It does so until the reader's task is cancelled. Nothing is lost, repeated or out of
/// order within one iteration.
///
/// The iteration ends only by an error: `cancelled` when the task is cancelled; what the service refuses for good, such as
/// a missing role or a wrong cursor; and, before the first answer, that the service cannot be reached, unless
/// ``ClientOptions/waitsForService`` is set.
public struct ArticleChanges: AsyncSequence, Sendable {
    /// A change with its cursor.
    public typealias Element = ArticleChange
    /// Reading throws ``ClientError`` and nothing else.
    public typealias Failure = ClientError

    let client: ArticleClient
    let request: WatchRequest

    /// Begins to follow.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads changes, one at a time.
    public struct Iterator: AsyncIteratorProtocol {
        private static let method = "changes.watch"

        private let client: ArticleClient
        private var request: WatchRequest
        private var call: CallStream?
        /// The index of the endpoint that returned the cursor of `request`; `nil`: the caller gave it.
        private var origin: Int?
        /// The service has answered.
        private var hasBegun = false
        /// The reader knows that it has caught up.
        private var isTold = false
        private var pauses: Pauses

        init(_ changes: ArticleChanges) {
            client = changes.client
            request = changes.request
            pauses = Pauses(changes.client.options)
        }

        /// The next change. Never `nil`.
        public mutating func next() async throws(ClientError) -> ArticleChange? {
            while true {
                let call = call ?? open()
                self.call = call
                do throws(ClientError) {
                    guard let message = try await call.next() else {
                        throw .connection("\(Self.method): the service ended the stream")
                    }
                    let change = try take(message)
                    origin = call.upstream
                    if let change { return change }
                } catch {
                    self.call = nil
                    if error.status == .outOfRange, !request.cursor.isEmpty {
                        if let origin, let upstream = call.upstream, origin != upstream {
                            throw foreign(upstream, origin)
                        }
                        return restart()
                    }
                    try await recover(error)
                }
            }
        }

        private func open() -> CallStream {
            let silence = Duration.milliseconds(3 * Int64(request.heartbeatMs))
            return CallStream(
                client: client,
                exchange: client.begin(endless: Self.method, request.encoded(), silence: silence))
        }

        /// Begins with all articles.
        private mutating func restart() -> ArticleChange {
            request.cursor = []
            request.start = .beginning
            isTold = false
            return ArticleChange(.restarted, WatchItem())
        }

        /// An endpoint does not know a place in the changes that another one has just named.
        private func foreign(_ upstream: Int, _ origin: Int) -> ClientError {
            ClientError(
                .status, .failedPrecondition,
                "\(Self.method): \(client.endpoints[upstream]) does not know the place in the changes where "
                    + "\(client.endpoints[origin]) was. Do they have one storage? If so, it was restored meanwhile: watch "
                    + "again from the same cursor, or from the beginning")
        }

        /// Waits before the next attempt, or throws the error if there is to be none.
        private mutating func recover(_ error: ClientError) async throws(ClientError) {
            if Task.isCancelled { throw .cancelled(Self.method) }
            let recovery = Recovery(error, hasAlternatives: client.endpoints.count > 1)
            guard recovery != .none, hasBegun || client.options.waitsForService,
                recovery == .always || pauses.failures + 1 < client.options.maxAttempts
            else { throw error }
            let pause = pauses.next()
            guard pause > .zero else { return }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled(Self.method) }
        }

        /// The change of an item; `nil` if it is of no interest.
        private mutating func take(_ message: [UInt8]) throws(ClientError) -> ArticleChange? {
            let item = try WatchItem(message, of: Self.method)
            guard !item.cursor.isEmpty else { throw .violation("\(Self.method): an item has no cursor") }
            let event = try event(item, message)
            hasBegun = true
            pauses.succeeded()
            request.cursor = item.cursor
            return event.map { ArticleChange($0, item) }
        }

        private mutating func event(
            _ item: WatchItem, _ message: [UInt8]
        ) throws(ClientError) -> ArticleChange.Event? {
            switch item.kind {
            case .stored: return try stored(item, message)
            case .deleted: return .deleted(try id(item))
            case .outside: return .outside(try id(item))
            case .heartbeat, .unspecified:
                if item.caughtUp, !isTold {
                    isTold = true
                    return .caughtUp
                }
                return item.cursor == request.cursor ? nil : .advanced
            }
        }

        private func stored(_ item: WatchItem, _ message: [UInt8]) throws(ClientError) -> ArticleChange.Event {
            if let status = item.status { return .unavailable(item.id, .status(status, of: Self.method)) }
            if request.content == .none {
                return .stored(Article(id: try id(item), revision: item.revision, storedAt: item.storedAt))
            }
            guard let article = item.article else {
                throw .violation("\(Self.method): an item has neither an article nor a status")
            }
            do throws(ClientError) {
                if request.content == .full { try article.verify(inMessage: message, field: 7, Self.method) }
                return .stored(article)
            } catch {
                guard error.status == .dataLoss else { throw error }
                return .unavailable(item.id, error)
            }
        }

        private func id(_ item: WatchItem) throws(ClientError) -> ArticleID {
            guard let id = item.id else { throw .violation("\(Self.method): an item has no id") }
            return id
        }
    }
}

/// Whether a stream without end is begun again after an error.
private enum Recovery {
    case none
    /// A few times, unless something arrives in between.
    case some
    case always

    init(_ error: ClientError, hasAlternatives: Bool) {
        switch error.kind {
        case .protocolViolation where hasAlternatives: self = .some  // another endpoint need not have the same fault
        case .connection, .deadline: self = .always
        case .status:
            switch error.status {
            case .unavailable, .resourceExhausted, .outcomeUnknown: self = .always
            case .internal, .dataLoss, .unknown: self = .some
            default: self = .none
            }
        default: self = .none
        }
    }
}

/// The pauses before further attempts: none before the first, then they grow.
private struct Pauses {
    private var backoff: Backoff
    private(set) var failures = 0

    init(_ options: ClientOptions) { backoff = Backoff(shortest: options.minBackoff, longest: options.maxBackoff) }

    mutating func next() -> Duration {
        failures += 1
        guard failures > 1 else { return .zero }
        var random = SystemRandomNumberGenerator()
        return .nanoseconds(Int64(clamping: backoff.failed(using: &random)))
    }

    mutating func succeeded() {
        guard failures > 0 else { return }
        failures = 0
        backoff.succeeded()
    }
}

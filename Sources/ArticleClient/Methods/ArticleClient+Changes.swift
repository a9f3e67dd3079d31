// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
import LinuxRuntime

/// Where to begin to follow changes.
public enum ChangeStart: Sendable, Hashable {
    /// With all articles, each with its latest change.
    case beginning
    /// With what changes from now on.
    case now
    /// After the change that had this ``ArticleChange/cursor``.
    case cursor([UInt8])
}

// changes.watch.
extension ArticleClient {
    /// Follows what is stored and deleted. See ``ArticleChanges``.
    ///
    /// ```swift
    /// for try await change in client.changes(from: cursor.map { .cursor($0) } ?? .beginning) {
    ///     switch change.event {
    ///     case .stored(let article): copy[article.id] = article
    ///     case .deleted(let id), .outside(let id): copy[id] = nil
    ///     case .restarted: copy.removeAll()
    ///     case .unavailable, .advanced, .caughtUp: break
    ///     }
    ///     save(change.cursor)  // a restart of this program continues after it
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - topic: the slug of a topic; empty: any.
    ///   - source: the exact source; empty: any.
    ///   - language: the language, in any case; empty: any.
    ///   - content: how much of each article to return.
    ///   - heartbeat: the longest time without a sign of life from the service, 100 ms to 10 minutes. A silence of three
    ///     times that counts as a lost connection.
    public func changes(
        from start: ChangeStart, topic: String = "", source: String = "", language: String = "",
        content: WatchContent = .full, heartbeat: Duration = .seconds(15)
    ) -> ArticleChanges {
        let interval = min(max(heartbeat, .milliseconds(100)), .seconds(600))
        var request = WatchRequest(
            topic: topic, source: source, language: language, content: content,
            heartbeatMs: UInt32(clamping: interval.nanoseconds / 1_000_000))
        switch start {
        case .beginning: request.start = .beginning
        case .now: request.start = .now
        case .cursor(let cursor): request.cursor = cursor
        }
        return ArticleChanges(client: self, request: request)
    }
}

/// One change, or a step of a reader of changes.
public struct ArticleChange: Sendable, Equatable {
    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The article was created or updated, and matches the filters. With `WatchContent.none` only its id, revision and
        /// `storedAt` are set.
        case stored(Article)
        /// The article with this id was deleted. The filters do not apply: the reader may never have had it.
        case deleted(ArticleID)
        /// The article with this id was updated and does not match the filters. The reader may have had it: drop it.
        case outside(ArticleID)
        /// The article with this id was stored, but is damaged (`dataLoss`) or larger than ``ClientOptions/maxFrame``
        /// (`resourceExhausted`).
        case unavailable(ArticleID?, ClientError)
        /// Only the cursor has moved, past changes that the filters leave out.
        case advanced
        /// Everything that was stored before has been delivered. Comes once after the start, and once after `restarted`.
        case caughtUp
        /// The service no longer knows what was deleted since the cursor. All articles follow once more, from the beginning.
        /// Forget what was taken over before; or at `caughtUp`, forget what has not come again.
        case restarted
    }

    /// What happened.
    public let event: Event
    /// Keep this when the change is processed: ``ChangeStart/cursor(_:)`` continues after it. Empty after `restarted`, which
    /// means the beginning.
    public let cursor: [UInt8]
    /// The number of the change, greater than those of all earlier changes; 0 if there is none.
    public let sequence: UInt64
    /// The revision that was stored or deleted.
    public let revision: UInt64
    /// When it was stored or deleted, in milliseconds since 1970-01-01T00:00:00Z.
    public let time: Int64

    init(_ event: Event, _ item: WatchItem) {
        self.event = event
        cursor = item.cursor
        sequence = item.sequence
        revision = item.revision
        time = item.storedAt
    }
}

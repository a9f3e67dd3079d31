// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension Changes {
    /// Sends changes until the request ends.
    func watch(_ request: WatchRequest, _ call: Call, _ responder: consuming Responder) async throws {
        var watch = try Watch(request, storage)
        let pulse = watch.pulse
        // Before the first read, so that no change between the two is missed.
        guard let notifications = storage.watchChanges({ pulse.changed() }) else {
            throw ServiceError(
                .failedPrecondition,
                "the storage engine keeps no record of changes: use another one, such as lmdb-storage")
        }
        defer { withExtendedLifetime(notifications) {} }
        async let _ = pulse.run()
        try await watch.begin()
        while true {
            switch try await watch.step(responder) {
            case .more: await Task.yield()  // lets other requests run
            case .noCredit: try await responder.writable()
            case .waiting: await pulse.wait()
            }
            if let reason = call.cancellation { throw reason }
            try Task.checkCancellation()
        }
    }
}

/// One watcher: what it wants, and how far it came.
struct Watch: Sendable {
    /// What a step ended with.
    enum StepEnd {
        /// There is more to read.
        case more
        /// There is no credit for the next item.
        case noCredit
        /// There is nothing more to read, for now.
        case waiting
    }

    /// Limits one step, so that neither a turn of the event loop nor the storage's snapshot takes long.
    private static let records = 64
    private static let bytes = 256 << 10
    /// The heartbeats that a client may ask for, in milliseconds.
    private static let heartbeats: ClosedRange<UInt32> = 100...600_000
    private static let defaultHeartbeat: UInt32 = 15_000

    let pulse: Pulse
    private let storage: any ArticleStorage
    private let filter: ArticleFilter
    private let content: WatchContent
    private var start: ChangeQuery.Start
    /// Where the storage's history ended when a watch from the beginning began. The client cannot have articles that were
    /// deleted, or no longer matched, by then.
    private var origin: UInt64 = 0
    /// Where the part of the changes ends that is being sent.
    private var part = ChangePosition(epoch: ChangePosition.Epoch(high: 0, low: 0), sequence: 0)
    /// What a storage that had to wait has returned, and was not sent yet.
    private var fetched: ChangePage?
    private var nextFetched = 0
    private var tail = ChangeTail()
    /// The client knows that there was nothing newer.
    private var isTold = false

    init(_ request: WatchRequest, _ storage: any ArticleStorage) throws(ServiceError) {
        self.storage = storage
        filter = try ArticleFilter(request)
        content = request.content
        let interval = request.heartbeatMs == 0 ? Self.defaultHeartbeat : request.heartbeatMs
        pulse = Pulse(
            every: .milliseconds(min(max(interval, Self.heartbeats.lowerBound), Self.heartbeats.upperBound)))
        if !request.cursor.isEmpty {
            start = .after(try WatchCursor.decode(request.cursor, of: filter.checksum))
        } else {
            start = request.start == .now ? .end : .beginning
        }
    }

    /// Finds out where to begin.
    mutating func begin() async throws(ServiceError) {
        switch start {
        case .after: break
        case .end: start = .after(try await storage.lastPosition())
        case .beginning: origin = try await storage.lastPosition().sequence
        }
    }

    /// Sends the next changes, as many as there is credit for, directly from the storage's memory, or after waiting for
    /// the storage.
    mutating func step(_ responder: borrowing Responder) async throws(ServiceError) -> StepEnd {
        var reading = Reading()
        func visit(_ watch: inout Watch, _ change: borrowing StoredChange) -> Bool {
            guard change.sequence <= watch.part.sequence else { return false }  // of the next step
            do throws(ServiceError) {
                switch try watch.send(change, responder) {
                case .sent: reading.sent += 1
                case .left: break
                case .noCredit: reading.isBlocked = true
                }
            } catch {
                reading.failure = error
            }
            guard !reading.isBlocked, reading.failure == nil else { return false }
            watch.start = .after(ChangePosition(epoch: watch.part.epoch, sequence: change.sequence))
            return true
        }
        let before = start
        let progress = try await read(visit)
        if reading.sent > 0 { pulse.sent() }
        if let failure = reading.failure { throw failure }
        if reading.isBlocked { return .noCredit }
        start = .after(progress.position)
        let previous: ChangePosition? = if case .after(let position) = before { position } else { nil }
        let isCaughtUp = tail.isReached(progress, after: previous)
        // A heartbeat tells once that there is nothing newer, and then how far the watcher came when all else is silent.
        if pulse.isDue || isCaughtUp && !isTold {
            guard try sendHeartbeat(progress, isCaughtUp, responder) else { return .noCredit }
        }
        // There may be changes that the storage does not show yet. It will tell when it does.
        if previous?.sequence == progress.position.sequence { return .waiting }
        return progress.hasMore ? .more : .waiting
    }

    private struct Reading {
        var sent = 0
        var isBlocked = false
        var failure: ServiceError?
    }

    /// Reads changes from the storage until `visit` returns `false`.
    private mutating func read(
        _ visit: (inout Watch, borrowing StoredChange) -> Bool
    ) async throws(ServiceError) -> ChangeProgress {
        let query = ChangeQuery(start, limit: Self.records, bytes: Self.bytes)
        let storage = storage
        // A cursor consists of the number of its change, and of what the storage says of the position behind it. So the
        // first pass finds out where the part ends, and the second one sends it.
        if fetched == nil, var progress = try storage.lend(query, { _ in true }) {
            part = progress.position
            let sent = try storage.lend(query) { visit(&self, $0) }
            if let sent, sent.position.sequence < progress.position.sequence {
                progress.position.sequence = sent.position.sequence
                progress.hasMore = true
            }
            return progress
        }
        let page: ChangePage
        if let fetched {
            page = fetched
        } else {
            page = try await storage.fetch(query)
            nextFetched = 0
        }
        fetched = page
        part = page.progress.position
        while nextFetched < page.changes.count {
            guard page.changes[nextFetched].lend({ visit(&self, $0) }) else { return page.progress }
            nextFetched += 1
        }
        fetched = nil
        return page.progress
    }

    private mutating func sendHeartbeat(
        _ progress: ChangeProgress, _ isCaughtUp: Bool, _ responder: borrowing Responder
    ) throws(ServiceError) -> Bool {
        let item = WatchItem(
            kind: .heartbeat, cursor: WatchCursor.encode(progress.position, of: filter.checksum),
            caughtUp: isCaughtUp)
        guard try responder.sendNow(item.encoded().rawSpan) else { return false }
        if isCaughtUp { isTold = true }
        pulse.sent()
        return true
    }
}

extension StoredRecord {
    /// Whether nobody can have had an article with this id before.
    ///
    /// An article that was deleted and stored again begins with revision 1. Its id, which tells its own time (UUIDv7, RFC
    /// 9562), is older then.
    fileprivate var isNew: Bool { revision == 1 && Int64(id.high >> 16) >= createdAt &- 1000 }
}

extension Watch {
    private enum Sending {
        case sent
        /// It does not concern this watcher.
        case left
        case noCredit
    }

    /// Sends one change, if it concerns the watcher.
    private func send(
        _ change: borrowing StoredChange, _ responder: borrowing Responder
    ) throws(ServiceError) -> Sending {
        let isKnown = change.sequence > origin
        var item = WatchItem(
            kind: .stored,
            cursor: WatchCursor.encode(
                ChangePosition(epoch: part.epoch, sequence: change.sequence), of: filter.checksum),
            sequence: change.sequence, id: change.record.id, revision: change.record.revision,
            storedAt: change.record.storedAt)
        if change.kind == .delete {
            guard isKnown else { return .left }
            item.kind = .deleted
            return try responder.sendNow(item.encoded().rawSpan) ? .sent : .noCredit
        }
        do throws(ServiceError) {
            if change.record.isUnreadable { throw .damaged(change.record.id) }
            if !filter.isEmpty, try !change.record.matches(filter) {
                guard isKnown, !change.record.isNew else { return .left }
                item.kind = .outside
                return try responder.sendNow(item.encoded().rawSpan) ? .sent : .noCredit
            }
            return try change.record.send(in: item, content, responder) ? .sent : .noCredit
        } catch {
            switch error.code {
            case .dataLoss: item.status = Status(code: error.code.rawValue, message: error.message)
            case .resourceExhausted:
                item.status = Status(
                    code: error.code.rawValue,
                    message: "the article \(change.record.id) exceeds the max_frame of the client's hello: send a "
                        + "larger max_frame")
            default: throw error
            }
            return try responder.sendNow(item.encoded().rawSpan) ? .sent : .noCredit
        }
    }
}

extension StoredRecord {
    /// Whether the article matches. If it does not, nobody else reads the content: then this verifies it.
    fileprivate func matches(_ filter: ArticleFilter) throws(ServiceError) -> Bool {
        let matches: Bool
        do throws(ServiceError) { matches = try filter.matches(content) } catch { throw .damaged(id) }
        if !matches { try verify() }
        return matches
    }

    /// Sends the article in an item that has everything else. Returns `false` if there is no credit for it.
    fileprivate func send(
        in item: WatchItem, _ view: WatchContent, _ responder: borrowing Responder
    ) throws(ServiceError) -> Bool {
        switch view {
        case .none: return try responder.sendNow(item.encoded().rawSpan)
        case .full: return try send(in: item, content, checksum: contentChecksum, responder)
        case .summary:
            try verify()  // a summary has no checksum that the client could compare
            let summary: [UInt8]
            do throws(ServiceError) { summary = try ArticleContent.summary(of: content) } catch { throw .damaged(id) }
            return try send(in: item, summary.rawSpan, checksum: nil, responder)
        }
    }

    private func send(
        in item: WatchItem, _ content: RawSpan, checksum: UInt32?, _ responder: borrowing Responder
    ) throws(ServiceError) -> Bool {
        guard let size = UInt32(exactly: content.byteCount) else { throw .damaged(id) }
        let trailer = ArticleTrailer(
            id: id, revision: revision, createdAt: createdAt, storedAt: storedAt, contentChecksum: checksum,
            contentSize: size)
        var head = WireWriter(capacity: 96)
        item.encode(to: &head)
        return try trailer.withEncoded { trailer throws(ServiceError) in
            head.begin(7, length: content.byteCount + trailer.byteCount)
            return try responder.sendNow(head.bytes.rawSpan, content, trailer)
        }
    }

    private func verify() throws(ServiceError) {
        guard CRC32C.checksum(content) == contentChecksum else { throw .damaged(id) }
    }
}

extension ServiceError {
    /// The article exists but cannot be read.
    fileprivate static func damaged(_ id: ArticleID) -> ServiceError {
        ServiceError(.dataLoss, "the article \(id) is damaged: restore it from a backup, or store it again")
    }
}

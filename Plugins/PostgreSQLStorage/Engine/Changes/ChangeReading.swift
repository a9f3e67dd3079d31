// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// What a reader of changes has seen, apart from the changes up to its position. It is the epoch of the position.
///
/// As with LMDBStorage, the number of the position alone is not enough: while a reader works through old changes, articles
/// change again, and move to the end. In a copy of the database that ends before that, the reader would miss them. So the
/// position is valid only where the history up to ``seen`` is the same, and the session tells that.
struct ReaderView: Equatable {
    private static let mask: UInt64 = 1 << 48 - 1
    /// Each transaction has so many sequence numbers.
    private static let block: Int64 = 1 << 16

    /// The session that was the last one at ``seen``.
    var session: UInt32
    /// What ``seen`` was when the reader began with all articles. Deletions up to there do not concern it.
    var begun: Int64
    /// The end of the last transaction of which the reader can have seen anything. Not the horizon: that counts transactions
    /// that a new primary does not know, and whose numbers it gives to others.
    var seen: Int64

    init(session: UInt32, begun: Int64, seen: Int64) {
        (self.session, self.begun, self.seen) = (session, begun, seen)
    }

    init(_ epoch: ChangePosition.Epoch) {
        session = UInt32(truncatingIfNeeded: epoch.high >> 32)
        begun = Self.start((epoch.high << 16 | epoch.low >> 48) & Self.mask)
        seen = Self.start(epoch.low & Self.mask)
    }

    /// Transactions have numbers below 2^47.
    private static func start(_ block: UInt64) -> Int64 {
        Int64(clamping: block.multipliedReportingOverflow(by: UInt64(Self.block)).partialValue & UInt64(Int64.max))
    }

    /// Where the transaction behind the one of this change begins.
    static func end(_ sequence: Int64) -> Int64 { (sequence / block &+ 1) &* block }

    var epoch: ChangePosition.Epoch {
        let begun = UInt64(clamping: begun / Self.block) & Self.mask
        return ChangePosition.Epoch(
            high: UInt64(session) << 32 | begun >> 16,
            low: begun << 48 | UInt64(clamping: seen / Self.block) & Self.mask)
    }
}

/// A read of changes: what is asked, and what the answer means.
struct ChangeReading {
    /// The most changes of a page.
    private static let mostChanges = 1024

    private let query: ChangeQuery
    /// The place that the reader has come from; `nil`: it begins now.
    private let view: ReaderView?
    private let start: Int64

    init(_ query: ChangeQuery) throws(ServiceError) {
        self.query = query
        guard case .after(let position) = query.start else {
            (view, start) = (nil, 0)
            return
        }
        let view = ReaderView(position.epoch)
        guard position.sequence <= UInt64(clamping: view.seen), view.begun <= view.seen else { throw Self.unknown }
        (self.view, start) = (view, Int64(position.sequence))
    }

    private static var unknown: ServiceError {
        ServiceError(
            .outOfRange,
            "this storage does not know the position in its changes: it belongs to another storage, to one that was restored since, or to a time long ago. Read all articles again, from the beginning"
        )
    }

    /// The queries, in one snapshot.
    var queries: [Query] {
        let state = Query(.changeState) { $0.add(view?.seen ?? 0) }
        let changes = Query(.changes) { parameters in
            parameters.add(start)
            parameters.add(Int64(max(0, min(query.limit, Self.mostChanges))) + 1)
            parameters.add(Int64(max(1, query.bytes)))
        }
        let all = query.start == .end ? [state] : [state, changes]
        return [Query(.beginSnapshot)] + all + [Query(.commit)]
    }

    /// The answer to ``queries``.
    func page(_ answer: [Rows]) throws(ServiceError) -> ChangePage {
        guard answer.count == queries.count, answer[1].count == 1 else {
            throw ServiceError(.internal, "the database has answered something else than what was asked")
        }
        let state = answer[1]
        let (newest, forgotten) = (state.number(0, 0), state.number(0, 1))
        guard var session = state.optional(0, 2).map({ UInt32(truncatingIfNeeded: $0) }) else { throw Self.unknown }
        var seen = ReaderView.end(newest)
        if let view {
            guard view.seen <= state.number(0, 5),
                state.optional(0, 3).map({ UInt32(truncatingIfNeeded: $0) }) == view.session
            else { throw Self.unknown }
            guard max(start, view.begun) >= forgotten else {
                throw ServiceError(
                    .outOfRange,
                    "deletions after the position in the changes were forgotten (keepDeletions): read all articles again, from the beginning"
                )
            }
        }
        // The last change may be replaced by one that is not shown yet.
        if let view, view.seen > seen { (session, seen) = (view.session, view.seen) }
        let epoch = ReaderView(session: session, begun: view?.begun ?? seen, seen: seen).epoch
        func progress(_ sequence: Int64, hasMore: Bool) -> ChangeProgress {
            ChangeProgress(
                position: ChangePosition(epoch: epoch, sequence: UInt64(clamping: sequence)), hasMore: hasMore)
        }
        if query.start == .end {
            return ChangePage(changes: [], progress: progress(newest, hasMore: false))
        }
        let (changes, isComplete) = Self.changes(answer[2])
        guard isComplete else {
            let last = changes.last.map { Int64(clamping: $0.sequence) } ?? start
            return ChangePage(changes: changes, progress: progress(last, hasMore: true))
        }
        // There are changes that are not shown yet: they come when the transactions below them have ended.
        let isHeld = state.optional(0, 4).map { $0 > newest } ?? false
        return ChangePage(changes: changes, progress: progress(max(start, newest), hasMore: isHeld))
    }

    /// - Returns: the changes, and whether there are no more below the horizon.
    private static func changes(_ rows: Rows) -> ([Change], isComplete: Bool) {
        var changes: [Change] = []
        for row in 0..<rows.count {
            guard rows.flag(row, 10) else { return (changes, false) }
            let sequence = UInt64(clamping: rows.number(row, 0))
            let id = rows.id(row, 2)
            if rows.number(row, 1) == 2 {
                changes.append(
                    Change(
                        sequence: sequence, kind: .delete,
                        record: RecordCopy(
                            id: id, revision: UInt64(clamping: rows.number(row, 3)), createdAt: 0,
                            storedAt: rows.number(row, 5), time: 0, contentChecksum: 0, content: [], key: [])))
            } else {
                let record = RecordCopy(rows, row, from: 2, id: 2) ?? RecordCopy(unreadable: id)
                changes.append(Change(sequence: sequence, kind: .put, record: record))
            }
        }
        return (changes, true)
    }
}

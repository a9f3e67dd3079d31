// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime

/// A transaction shared by several groups: a page that many of them change is copied and written once, and not once
/// per group. The writes of a group are in the log before anyone is told, and readers find them in ``RecentWrites``
/// until the transaction is committed.
///
/// For the committer's thread only.
final class SharedTransaction {
    /// The transaction is committed at this many groups, or pages that it may have changed: those are in memory until
    /// then.
    private static let capacity = (groups: 64, pages: 8192)

    /// While somebody follows the changes, the transaction is committed at this age, in nanoseconds.
    private static let maxAge: UInt64 = 30_000_000

    private let environment: LMDBEnvironment
    private var open: Open?

    private final class Open {
        let transaction: WriteTransaction
        let reusable: UInt64
        var writer: RecordWriter
        /// The number of published groups.
        var groups = 0
        /// The position of the first published group in the log.
        var start: RedoLog.Position?
        /// When that was.
        var startedAt: UInt64 = 0
        var isOver = false

        init(_ transaction: consuming WriteTransaction, _ writer: RecordWriter, reusable: UInt64) {
            self.transaction = transaction
            self.reusable = reusable
            self.writer = writer
        }
    }

    init(_ environment: LMDBEnvironment) { self.environment = environment }

    /// Whether a transaction is open.
    var isOpen: Bool { open != nil }

    /// Begins a group, in the open transaction or a new one.
    ///
    /// - Parameter reusable: space released in transactions up to this one can be reused.
    func begin(reusable: UInt64) throws(ServiceError) {
        if let open { return open.writer.beginGroup() }
        let transaction = try unsafe WriteTransaction(environment.handle, environment.path)
        let writer: RecordWriter
        do throws(ServiceError) {
            writer = try RecordWriter(environment, transaction, reusable: reusable)
        } catch {
            transaction.abort()
            throw error
        }
        open = Open(transaction, writer, reusable: reusable)
    }

    /// Applies a write of the group.
    func make(_ write: PendingWrite) throws(ServiceError) -> WriteResult {
        guard let open else { throw ServiceError(.internal, "no transaction is open") }
        return try open.writer.make(write, open.transaction)
    }

    /// More writes join the group.
    func moreJoined() { open?.writer.moreJoined() }

    /// Writes the records of the group to the heap.
    func writeRecords() throws(ServiceError) { try open?.writer.flush() }

    /// How many pages it may have changed.
    var pages: Int { open?.writer.pages ?? 0 }

    /// Whether a reader of changes waits for it too long.
    var isOld: Bool {
        guard let open, open.groups > 0 else { return false }
        return MonotonicClock.elapsed(from: open.startedAt, to: MonotonicClock.now) > Self.maxAge
    }

    /// The sequence number of the last write.
    var sequence: UInt64 { open?.writer.sequence ?? 0 }

    /// The earlier changes that the group's changes took the place of.
    var displaced: [UInt64] { open?.writer.displaced ?? [] }

    /// Whether it is large enough to be committed.
    var isFull: Bool { (open?.groups ?? 0) >= Self.capacity.groups || pages >= Self.capacity.pages }

    /// The locations of the group's records, including deletions, in order.
    var locations: [HeapLocation] { open?.writer.applied.map(\.location) ?? [] }

    /// The number of records, including those of the group.
    func count() throws(ServiceError) -> Int {
        guard let open else { return 0 }
        return try open.writer.count(open.transaction)
    }

    /// The group was refused: clears its records from the heap, where a rebuild of the index would find them.
    func clearGroup() throws(ServiceError) { try open?.writer.clear() }

    /// Whether the group can be published to readers and committed later.
    var canStayOpen: Bool { open.map { environment.recent.hasRoom(for: $0.writer.applied.count) } ?? false }

    /// Publishes the group to readers.
    ///
    /// - Parameter place: its position in the log.
    func publish(_ place: RedoLog.Position, records: Int) {
        guard let open else { return }
        if open.groups == 0 { (open.start, open.startedAt) = (place, MonotonicClock.now) }
        open.groups += 1
        environment.recent.publish(
            open.writer.applied, RecentWrites.Totals(records: records, used: open.writer.used),
            in: open.transaction.number)
    }

    /// Commits. If this throws, nothing is in the tables, and ``restore(_:)`` must follow.
    func commit() throws(ServiceError) {
        guard let open else { return }
        try open.writer.finish(open.transaction)
        open.isOver = true
        try open.transaction.commit()
        let sequence = open.writer.sequence
        self.open = nil
        environment.publishCommit()
        environment.recent.clear()
        environment.horizon.noteCommit(sequence)
    }

    /// Rolls the transaction back, but not its published groups: they are replayed from the log and committed.
    ///
    /// A reader may be reading a published record, so each record is put at the same location again, which the log
    /// names.
    func restore(_ log: borrowing RedoLog) throws(ServiceError) {
        guard let open else { return }
        self.open = nil
        if !open.isOver { open.transaction.abort() }
        guard let start = open.start else { return }
        var reader = log.reader(from: start, environment.heap)
        var replay = Replay(environment, of: environment.session, from: open.reusable)
        let groups = open.groups
        var sequence: UInt64 = 0
        try unsafe WriteTransaction.run(environment.handle, environment.path) {
            transaction throws(ServiceError) in
            // As when the transaction began: that space is already cleared.
            var heap = try HeapWriter(
                environment, transaction, replayingFrom: replay.start, limit: HeapSpace.maxReclaimed)
            var changes = ChangeWriter(environment, environment.session)
            for _ in 0..<groups {
                guard let (group, payload) = try reader.next() else {
                    throw ServiceError(.dataLoss, "\(log.file.path) does not contain what was written to it")
                }
                try replay.make(group, payload, nil, &heap, &changes, transaction)
            }
            try heap.finish(transaction)
            sequence = heap.sequence
        }
        environment.publishCommit()
        environment.recent.clear()
        environment.horizon.noteCommit(sequence)
    }
}

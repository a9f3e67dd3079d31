internal import ArticleProtocol
internal import HandlerKit

/// The transaction that groups of changes share: a page that many of them change is copied once and written once, and not once a
/// group. What a group changed is in the log before anyone is told, and readers find it in ``RecentWrites``, until the
/// transaction is committed.
///
/// The committer's thread alone.
final class SharedTransaction {
    /// It is committed when it has so many groups, or may have changed so many pages: those are in memory until then.
    private static let capacity = (groups: 64, pages: 8192)

    private let environment: LMDBEnvironment
    private var open: Open?

    private final class Open {
        let transaction: WriteTransaction
        let reusable: UInt64
        var writer: RecordWriter
        /// That were shown.
        var groups = 0
        /// The first of them.
        var start: RedoLog.Position?
        var isOver = false

        init(_ transaction: consuming WriteTransaction, _ writer: RecordWriter, reusable: UInt64) {
            self.transaction = transaction
            self.reusable = reusable
            self.writer = writer
        }
    }

    init(_ environment: LMDBEnvironment) { self.environment = environment }

    /// Whether one is under way.
    var isOpen: Bool { open != nil }

    /// Begins a group, in the transaction that is under way or in a new one.
    ///
    /// - Parameter reusable: what records left in transactions up to this one can be used again.
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

    /// Makes a change of the group.
    func make(_ write: PendingWrite) throws(ServiceError) -> WriteResult {
        guard let open else { throw ServiceError(.internal, "no transaction is under way") }
        return try open.writer.make(write, open.transaction)
    }

    /// The records of the group are in the heap when this returns.
    func writeRecords() throws(ServiceError) { try open?.writer.flush() }

    /// How many pages of the database it may have changed.
    var pages: Int { open?.writer.pages ?? 0 }

    /// Whether it is large enough to be committed.
    var isFull: Bool { (open?.groups ?? 0) >= Self.capacity.groups || pages >= Self.capacity.pages }

    /// Where the records of the group lie, and those of its deletions, in the order of the changes.
    var locations: [HeapLocation] { open?.writer.applied.map(\.location) ?? [] }

    /// How many records there are with those of the group.
    func count() throws(ServiceError) -> Int {
        guard let open else { return 0 }
        return try open.writer.count(open.transaction)
    }

    /// The group was refused: no trace of it stays in the heap, where a later start that makes the index anew would find it.
    func clearGroup() throws(ServiceError) { try open?.writer.clear() }

    /// Whether the group can be shown to readers, and committed later.
    var canStayOpen: Bool { open.map { environment.recent.hasRoom(for: $0.writer.applied.count) } ?? false }

    /// Shows the group to readers.
    ///
    /// - Parameter place: where it stands in the log.
    func publish(_ place: RedoLog.Position, records: Int) {
        guard let open else { return }
        if open.groups == 0 { open.start = place }
        open.groups += 1
        environment.recent.publish(
            open.writer.applied, RecentWrites.Totals(records: records, used: open.writer.used),
            in: open.transaction.number)
    }

    /// Commits. If it throws, nothing of the transaction is in the tables, and ``restore(_:)`` is to follow.
    func commit() throws(ServiceError) {
        guard let open else { return }
        try open.writer.finish(open.transaction)
        open.isOver = true
        try open.transaction.commit()
        self.open = nil
        environment.publishCommit()
        environment.recent.clear()
    }

    /// Gives the transaction up, but not the groups that were shown: they are made anew from the log, and committed.
    ///
    /// A reader may be at a record that was shown: the log says where it lies, and that is its place once more.
    func restore(_ log: borrowing RedoLog) throws(ServiceError) {
        guard let open else { return }
        self.open = nil
        if !open.isOver { open.transaction.abort() }
        guard let start = open.start else { return }
        var reader = log.reader(from: start, environment.heap)
        var replay = Replay(environment, from: open.reusable)
        let groups = open.groups
        try unsafe WriteTransaction.run(environment.handle, environment.path) {
            transaction throws(ServiceError) in
            // As when the transaction began, which has cleared it.
            var heap = try HeapWriter(
                environment, transaction, replayingFrom: replay.start, limit: HeapSpace.maxReclaimed)
            for _ in 0..<groups {
                guard let (group, payload) = try reader.next() else {
                    throw ServiceError(.dataLoss, "\(log.file.path) has not what was written to it")
                }
                try replay.make(group, payload, nil, &heap, transaction)
            }
            try heap.finish(transaction)
        }
        environment.publishCommit()
        environment.recent.clear()
    }
}

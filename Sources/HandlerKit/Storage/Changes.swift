// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// A place in the storage's sequence of changes. It may be kept in a file, and used after a restart.
public struct ChangePosition: Sendable, Hashable {
    /// The size of ``bytes``.
    public static let size = 24

    /// Which history the number belongs to: a storage that lost its history, or was restored from a copy, has another.
    public var epoch: Epoch
    /// The number of the last change before this place.
    public var sequence: UInt64

    /// Names a history, with 16 bytes of the engine's choice.
    public struct Epoch: Sendable, Hashable {
        /// The first 8 bytes, big-endian.
        public var high: UInt64
        /// The last 8 bytes, big-endian.
        public var low: UInt64

        /// Creates a name.
        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    /// Creates a position.
    public init(epoch: Epoch, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Decodes what ``bytes`` has encoded; `nil` if it is something else.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(epoch: Epoch(high: word(0), low: word(8)), sequence: word(16))
    }

    /// The position in ``size`` bytes, to be kept.
    public var bytes: [UInt8] {
        [epoch.high, epoch.low, sequence].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }
}

/// Selects changes.
public struct ChangeQuery: Sendable, Equatable {
    /// Where to begin.
    public enum Start: Sendable, Equatable {
        /// With all records, each with its latest change.
        case beginning
        /// With what was changed after this position.
        case after(ChangePosition)
        /// Nowhere: only the position behind the last change is wanted.
        case end
    }

    /// Where to begin.
    public var start: Start
    /// The most changes to return.
    public var limit: Int
    /// No change follows one with which the contents have this many bytes or more.
    public var bytes: Int

    /// Creates a query.
    public init(_ start: Start, limit: Int = 256, bytes: Int = 1 << 20) {
        self.start = start
        self.limit = limit
        self.bytes = bytes
    }
}

/// The latest change of one record, lent by the storage.
public struct StoredChange: ~Copyable, ~Escapable {
    /// Its number, greater than those of all earlier changes.
    public let sequence: UInt64
    /// Whether the record was stored or deleted.
    public let kind: StorageWrite.Kind
    /// The record as it is now. Of a deleted one, only the id, the revision that was deleted, and the time of the deletion
    /// (`storedAt`) are set.
    public let record: StoredRecord

    /// Creates a change to lend.
    @_lifetime(copy record)
    public init(sequence: UInt64, kind: StorageWrite.Kind, record: consuming StoredRecord) {
        self.sequence = sequence
        self.kind = kind
        self.record = record
    }
}

/// How far a read of changes came.
public struct ChangeProgress: Sendable, Equatable {
    /// Continue after this.
    public var position: ChangePosition
    /// Whether there are more changes than were visited. If the position has not advanced, the storage cannot show them yet:
    /// wait until it notifies its watchers.
    public var hasMore: Bool

    /// Creates a result.
    public init(position: ChangePosition, hasMore: Bool) {
        self.position = position
        self.hasMore = hasMore
    }
}

/// Tells when a reader has seen everything that was acknowledged when it came to the end of what the storage shows.
///
/// What is acknowledged is shown a moment later, all of it together. While others write, there is always something that is
/// not shown yet: so a reader that waited for the storage to show more, and has read that, has caught up.
public struct ChangeTail: Sendable {
    private var waitsAt: UInt64?

    /// Begins to read.
    public init() {}

    /// Whether the reader has caught up. Call it after each read.
    ///
    /// - Parameters:
    ///   - progress: the result of the read.
    ///   - previous: the position before it; `nil` at the beginning.
    public mutating func isReached(_ progress: ChangeProgress, after previous: ChangePosition?) -> Bool {
        let sequence = progress.position.sequence
        guard progress.hasMore else {
            waitsAt = nil
            return true
        }
        guard sequence == previous?.sequence ?? 0 else { return false }
        guard let start = waitsAt, sequence > start else {
            waitsAt = waitsAt ?? sequence
            return false
        }
        waitsAt = nil
        return true
    }
}

/// The latest change of one record, copied.
public struct Change: Sendable, Equatable {
    /// Its number, greater than those of all earlier changes.
    public var sequence: UInt64
    /// Whether the record was stored or deleted.
    public var kind: StorageWrite.Kind
    /// The record: see ``StoredChange/record``.
    public var record: RecordCopy

    /// Creates a change.
    public init(sequence: UInt64, kind: StorageWrite.Kind, record: RecordCopy) {
        self.sequence = sequence
        self.kind = kind
        self.record = record
    }

    /// Copies a lent change.
    public init(_ change: borrowing StoredChange) {
        self.init(sequence: change.sequence, kind: change.kind, record: RecordCopy(change.record))
    }

    /// Lends the change to `body`.
    public func lend<Result>(_ body: (borrowing StoredChange) -> Result) -> Result {
        body(
            StoredChange(
                sequence: sequence, kind: kind,
                record: StoredRecord(
                    id: record.id, revision: record.revision, createdAt: record.createdAt, storedAt: record.storedAt,
                    time: record.time, contentChecksum: record.contentChecksum, content: record.content.rawSpan,
                    key: record.key.rawSpan)))
    }
}

/// Changes, copied, and where to continue.
public struct ChangePage: Sendable {
    /// In order.
    public var changes: [Change]
    /// Where to continue.
    public var progress: ChangeProgress

    /// Creates a page.
    public init(changes: [Change], progress: ChangeProgress) {
        self.changes = changes
        self.progress = progress
    }

    /// Copies what a storage lends; `nil` if it must wait.
    init?(lentBy storage: some ArticleStorage, _ query: ChangeQuery) throws(ServiceError) {
        var changes: [Change] = []
        let progress = try storage.lend(query) { change in
            changes.append(Change(change))
            return true
        }
        guard let progress else { return nil }
        self.init(changes: changes, progress: progress)
    }
}

/// A watch for changes, which lasts until it is cancelled or released.
public final class ChangeWatch: Sendable {
    private let end: @Sendable () -> Void

    /// Creates a watch that was begun.
    ///
    /// - Parameter end: ends the watch. When it returns, the function that was to be notified is not running, and will not
    ///   be called. Called exactly once, on any thread.
    public init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}

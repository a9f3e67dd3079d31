// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

extension ChangePosition {
    init(_ position: articled_position) {
        self = unsafe withUnsafeBytes(of: position.epoch) { epoch in
            func word(_ offset: Int) -> UInt64 {
                UInt64(bigEndian: unsafe epoch.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            return ChangePosition(epoch: Epoch(high: word(0), low: word(8)), sequence: position.sequence)
        }
    }

    var c: articled_position {
        var position = articled_position()
        unsafe withUnsafeMutableBytes(of: &position.epoch) { bytes in
            unsafe bytes.storeBytes(of: epoch.high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: epoch.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        position.sequence = sequence
        return position
    }
}

extension ChangeProgress {
    init(_ end: articled_changes_end) {
        self.init(position: ChangePosition(end.position), hasMore: end.more != 0)
    }
}

extension articled_changes_end {
    mutating func set(_ progress: ChangeProgress) {
        more = progress.hasMore ? 1 : 0
        position = progress.position.c
    }
}

extension ChangeQuery {
    /// Calls `body` with the C form of the query.
    func withC<Result>(_ body: (UnsafePointer<articled_changes>) -> Result) -> Result {
        var query = articled_changes()
        query.size = UInt32(MemoryLayout<articled_changes>.size)
        query.most = UInt64(clamping: limit)
        query.most_bytes = UInt64(clamping: bytes)
        switch start {
        case .beginning: query.from = UInt32(ARTICLED_CHANGES_START)
        case .end: query.from = UInt32(ARTICLED_CHANGES_END)
        case .after(let position):
            query.from = UInt32(ARTICLED_CHANGES_AFTER)
            query.after = position.c
        }
        return unsafe body(&query)
    }

    /// A query in the C form.
    init(_ query: UnsafePointer<articled_changes>) throws(ServiceError) {
        let query = try unsafe AuthoredStructure.copy(
            query, "a query of changes", least: LeastSize.changes)
        let start: Start
        switch Int(query.from) {
        case ARTICLED_CHANGES_START: start = .beginning
        case ARTICLED_CHANGES_AFTER: start = .after(ChangePosition(query.after))
        case ARTICLED_CHANGES_END: start = .end
        default: throw ServiceError(.unimplemented, "changes from an unknown kind of place, \(query.from)")
        }
        self.init(start, limit: Int(clamping: query.most), bytes: Int(clamping: query.most_bytes))
    }
}

extension StoredChange {
    /// Calls `body` with the C form of the change.
    func withC<Result>(_ body: (UnsafePointer<articled_change>) -> Result) -> Result {
        unsafe record.withC { record in
            var change = unsafe articled_change()
            unsafe change.size = UInt32(MemoryLayout<articled_change>.size)
            unsafe change.kind = kind.rawValue
            unsafe change.sequence = sequence
            unsafe change.record = record
            return unsafe body(&change)
        }
    }

    /// Calls `body` with a change in the C form; returns `nil` if it is none.
    static func with<Result>(
        _ change: UnsafePointer<articled_change>, _ body: (borrowing StoredChange) -> Result
    ) -> Result? {
        guard let kind = StorageWrite.Kind(rawValue: unsafe change.pointee.kind),
            let record = unsafe change.pointee.record
        else { return nil }
        let sequence = unsafe change.pointee.sequence
        return unsafe StoredRecord.with(record) { record in
            body(
                StoredChange(
                    sequence: sequence, kind: kind,
                    record: StoredRecord(
                        id: record.id, revision: record.revision, createdAt: record.createdAt,
                        storedAt: record.storedAt, time: record.time, contentChecksum: record.contentChecksum,
                        content: record.content, key: record.key)))
        }
    }
}

/// A closure as the context of a C callback that visits changes.
struct ChangeVisitor {
    let visit: (borrowing StoredChange) -> Bool

    static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_change>?) -> Int32 = {
        context, change in
        // Returning 1 ends the visit.
        guard let context = unsafe context, let change = unsafe change else { return 1 }
        let visitor = unsafe context.assumingMemoryBound(to: ChangeVisitor.self)
        // A kind of change that is not known here is skipped.
        return unsafe StoredChange.with(change) { unsafe visitor.pointee.visit($0) } ?? true ? 0 : 1
    }
}

/// A closure that is told of changes, as the context of a C callback.
final class ChangeNotification: Sendable {
    private let notify: @Sendable () -> Void

    init(_ notify: @escaping @Sendable () -> Void) { self.notify = notify }

    static let call: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        unsafe Unmanaged<ChangeNotification>.fromOpaque(context).takeUnretainedValue().notify()
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// Checks that each entry of the tables of changes is valid, and belongs to the last change of a record. That each
/// record has its entry is checked with the record (``RecordCheck``).
///
/// An entry that belongs to no change is skipped by readers. Replacing a record while it is damaged may leave one
/// behind; more of them than that are a finding.
struct ChangeCheck: StoreCheck {
    /// Readers of the progress know no other phase.
    let phase = "index"

    func run(_ inspection: Inspection) throws(ServiceError) {
        guard let tables = inspection.environment.changes else { return }
        var orphans: UInt64 = 0
        for table in [tables.changes, tables.deletions] {
            var next: [UInt8]? = [0]
            while let start = next {
                let slice = try inspection.readers.read { reader throws(ServiceError) in
                    try Slice(start, table, isOfDeletions: table == tables.deletions, reader, inspection)
                }
                next = slice.next
                orphans += slice.orphans
                try inspection.advance(slice.count, bytes: slice.count * ChangeEntry.size)
            }
        }
        let allowed = try inspection.readers.read { reader throws(ServiceError) in
            try ChangeHistory.about(reader.cursor(tables.history), inspection.environment.path).orphans
        }
        guard orphans > allowed else { return }
        inspection.report(
            nil, inspection.environment.path,
            "the table of changes has entries that belong to no article: \(orphans), and at most \(allowed) are expected"
        )
    }

    /// A run of adjacent entries.
    private struct Slice {
        private(set) var next: [UInt8]?
        private(set) var count = 0
        private(set) var orphans: UInt64 = 0

        init(
            _ start: [UInt8], _ table: MDB_dbi, isOfDeletions: Bool, _ reader: ThreadReader, _ inspection: Inspection
        ) throws(ServiceError) {
            let environment = inspection.environment
            inspection.total = UInt64(try reader.statistics(table).ms_entries)
            let last = try reader.space().sequence
            var entries: [ChangeEntry] = []
            func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
                next = unsafe [UInt8](key) + [0]
                count += 1
                let isValid = isOfDeletions ? unsafe Deletion(value) != nil : unsafe value.isEmpty
                guard isValid, let entry = unsafe ChangeEntry(key), entry.sequence <= last else {
                    return inspection.report(nil, environment.path, "a table of changes has an invalid entry")
                }
                entries.append(entry)
            }
            let cursor = try reader.cursor(table)
            var isFound = try unsafe cursor.seek(start, visit) != nil
            while isFound, count < Inspection.slice.entries { isFound = try unsafe cursor.move(.next, visit) != nil }
            if !isFound { next = nil }
            if isOfDeletions { return }
            for entry in entries where try isOrphan(entry, reader, inspection) { orphans += 1 }
        }

        private func isOrphan(
            _ entry: ChangeEntry, _ reader: ThreadReader, _ inspection: Inspection
        ) throws(ServiceError) -> Bool {
            do throws(ServiceError) {
                let sequence = try reader.record(entry.id) { $0.header.sequence }
                if let sequence, sequence < entry.sequence {
                    inspection.report(
                        entry.id, inspection.environment.path, "the table of changes has a later change of it")
                    return false
                }
                return sequence != entry.sequence
            } catch {
                // A damaged record, which is already reported.
                guard error.code == .dataLoss else { throw error }
                return false
            }
        }
    }
}

/// A cursor for a function that cannot borrow it.
final class SharedCursor {
    private let cursor: Cursor

    init(_ cursor: consuming Cursor) { self.cursor = cursor }

    /// Whether the table of changes has an entry.
    func has(_ entry: ChangeEntry) throws(ServiceError) -> Bool {
        try unsafe entry.withBytes { bytes throws(ServiceError) in
            try unsafe cursor.seek(bytes) { key, _ in unsafe ChangeEntry(key) == entry } ?? false
        }
    }
}

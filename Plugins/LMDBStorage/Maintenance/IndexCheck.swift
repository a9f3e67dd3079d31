// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// Checks that each index entry refers to a record that has it, and that the list of all articles has as many entries
/// as the table of records.
struct IndexCheck: StoreCheck {
    let phase = "index"

    func run(_ inspection: Inspection) throws(ServiceError) {
        var next: [UInt8]? = [0]
        while let start = next {
            let slice = try inspection.readers.read { reader throws(ServiceError) in
                try Slice(start, reader, inspection)
            }
            next = slice.next
            inspection.indexEntries += UInt64(slice.count)
            try inspection.advance(slice.count, bytes: slice.count * IndexEntry.size)
        }
        // A wrong entry would make the count wrong too.
        if inspection.findings.count == 0 { try count(inspection) }
    }

    /// Counts within one snapshot.
    private func count(_ inspection: Inspection) throws(ServiceError) {
        let (listed, records) = try inspection.readers.read { reader throws(ServiceError) -> (Int, Int) in
            var listed = 0
            try reader.forEachEntry(IndexEntry.all) { _ throws(ServiceError) in
                listed += 1
                try inspection.checkStop(at: listed)
                return true
            }
            return (listed, Int(try reader.statistics(inspection.environment.records).ms_entries))
        }
        guard listed != records else { return }
        inspection.report(
            nil, inspection.environment.path,
            "the list of all articles has \(listed) entries, but there are \(records) articles"
        )
    }

    /// A run of adjacent entries.
    private struct Slice {
        private(set) var next: [UInt8]?
        private(set) var count = 0

        init(_ start: [UInt8], _ reader: ThreadReader, _ inspection: Inspection) throws(ServiceError) {
            let environment = inspection.environment
            inspection.total = UInt64(try reader.statistics(environment.index).ms_entries)
            let cursor = try reader.cursor(environment.index)
            var entries: [IndexEntry] = []
            func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
                next = unsafe [UInt8](key) + [0]
                count += 1
                if let entry = unsafe IndexEntry(key) {
                    entries.append(entry)
                } else {
                    inspection.report(
                        nil, environment.path, "the index has an invalid entry of \(key.count) bytes")
                }
            }
            var isFound = try unsafe cursor.seek(start, visit) != nil
            while isFound, count < Inspection.slice.entries { isFound = try unsafe cursor.move(.next, visit) != nil }
            if !isFound { next = nil }
            // By id, since the records are stored in that order.
            entries.sort { $0.id < $1.id }
            try Self.check(entries, reader, inspection)
        }

        private static func check(
            _ entries: [IndexEntry], _ reader: ThreadReader, _ inspection: Inspection
        ) throws(ServiceError) {
            let environment = inspection.environment
            let records = try reader.cursor(environment.records)
            var present: [IndexEntry] = []
            for entry in entries {
                let isRight = try unsafe entry.id.withKey { key throws(ServiceError) -> Bool? in
                    try unsafe records.seek(key) { found, value throws(ServiceError) -> Bool? in
                        guard unsafe Memory.equal(key, found) else { return nil }
                        // The entries of a damaged record are unknown, and the damage is already reported.
                        guard let record = unsafe RecordView(ifReadable: entry.id, value, in: environment) else {
                            return true
                        }
                        unsafe RecordEntries.fill(
                            &present, entry.id, key: record.key, time: record.header.time, terms: record.terms,
                            environment.hash)
                        return present.contains(entry)
                    } ?? nil
                }
                if isRight == true { continue }
                inspection.report(
                    entry.id, environment.path,
                    isRight == nil
                        ? "the index has it \(entry.listName), but there is no such article"
                        : "the index has it \(entry.listName), where it does not belong")
            }
        }
    }
}

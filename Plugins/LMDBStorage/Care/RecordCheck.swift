internal import ArticleProtocol
internal import CLMDB

/// Every record against its checksums, and all that is to lead to it: its entries are in the index, and no other record has its key.
struct RecordCheck: StoreCheck {
    let phase = "records"

    func run(_ inspection: Inspection) throws(ServiceError) {
        // The least key that there can be.
        var next: [UInt8]? = [0]
        while let start = next {
            let slice = try inspection.readers.read { reader throws(ServiceError) in
                try Slice(start, reader, inspection)
            }
            next = slice.next
            try inspection.advance(slice.count, bytes: slice.bytes)
        }
    }

    /// Some records that lie behind each other in the table.
    private struct Slice {
        /// Where to go on; `nil`: these were the last ones.
        private(set) var next: [UInt8]?
        private(set) var count = 0
        private(set) var bytes = 0

        init(_ start: [UInt8], _ reader: ThreadReader, _ inspection: Inspection) throws(ServiceError) {
            let environment = inspection.environment
            inspection.total = UInt64(try reader.statistics(environment.records).ms_entries)
            let cursor = try reader.cursor(environment.records)
            let index = try reader.cursor(environment.index)
            func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServiceError) {
                next = unsafe [UInt8](key) + [0]
                count += 1
                guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)) else {
                    return inspection.find(nil, environment.path, "a key of the table of articles is no id")
                }
                bytes += try unsafe Self.check(id, value, reader, index, inspection)
            }
            var isFound = try unsafe cursor.seek(start, visit) != nil
            while isFound, count < Inspection.slice.records, bytes < Inspection.slice.bytes {
                isFound = try unsafe cursor.move(.next, visit) != nil
            }
            if !isFound { next = nil }
        }

        /// - Returns: how many bytes were read.
        private static func check(
            _ id: ArticleID, _ value: UnsafeRawBufferPointer, _ reader: ThreadReader, _ index: borrowing Cursor,
            _ inspection: Inspection
        ) throws(ServiceError) -> Int {
            inspection.records += 1
            var size = 0
            var entries: [IndexEntry] = []
            var key: [UInt8] = []
            let result = try unsafe inspection.reader.read(id, value) { record, bytes throws(ServiceError) in
                size = bytes.count
                unsafe entries = RecordEntries.of(
                    id, key: record.key, time: record.header.time, terms: record.terms, inspection.environment.hash)
                unsafe key = [UInt8](record.key)
            }
            if case .failure(let fault) = result {
                unsafe inspection.find(id, value, fault)
                return Inspection.slice.bytes / Inspection.slice.records
            }
            inspection.bytes += UInt64(size)
            for entry in entries where try !isPresent(entry, index) {
                inspection.find(id, inspection.environment.path, "the index does not have it \(entry.place)")
            }
            if let entry = entries.first(where: \.isOfKey) {
                try checkOwner(of: key, entry, reader, inspection)
            }
            return size
        }

        private static func isPresent(_ entry: IndexEntry, _ index: borrowing Cursor) throws(ServiceError) -> Bool {
            try unsafe entry.withBytes { bytes throws(ServiceError) in
                try unsafe index.seek(bytes) { key, _ in unsafe IndexEntry(key) == entry } ?? false
            }
        }

        /// No other record has the key.
        private static func checkOwner(
            of key: [UInt8], _ entry: IndexEntry, _ reader: ThreadReader, _ inspection: Inspection
        ) throws(ServiceError) {
            var others: [ArticleID] = []
            try reader.forEachEntry(entry.list) { other in
                // Each pair is told once.
                if other.id > entry.id { others.append(other.id) }
                return true
            }
            for other in others {
                let isSame = try reader.ifReadable(other) { record in
                    unsafe key.lend { unsafe Memory.equal($0, record.key) }
                }
                if isSame == true {
                    inspection.find(
                        entry.id, inspection.environment.path, "its URL is also that of the article \(other)")
                }
            }
        }
    }
}

extension IndexEntry {
    /// Where an entry stands, for people.
    var place: String {
        if list == Self.all { return "in the list of all articles" }
        return isOfKey ? "under its URL" : "under one of its terms"
    }
}

extension ThreadReader {
    /// Lends a record as the call's version of the tables has it; `nil` if there is none, or it is damaged.
    func ifReadable<Result>(_ id: ArticleID, _ body: (RecordView) -> Result) throws(ServiceError) -> Result? {
        let records = try cursor(environment.records)
        return try unsafe id.withKey { key throws(ServiceError) in
            try unsafe records.seek(key) { found, value throws(ServiceError) -> Result? in
                guard unsafe Memory.equal(key, found) else { return nil }
                return unsafe RecordView(ifReadable: id, value, in: environment).map(body)
            } ?? nil
        }
    }
}

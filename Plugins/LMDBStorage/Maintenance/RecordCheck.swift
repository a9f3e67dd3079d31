// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc

/// Checks every record against its checksums, that its entries and its change are in the index, and that no other
/// record has its key.
struct RecordCheck: StoreCheck {
    let phase = "records"

    func run(_ inspection: Inspection) throws(ServiceError) {
        // The smallest key.
        var next: [UInt8]? = [0]
        while let start = next {
            let slice = try inspection.readers.read { reader throws(ServiceError) in
                try Slice(start, reader, inspection)
            }
            next = slice.next
            try inspection.advance(slice.count, bytes: slice.bytes)
        }
    }

    /// A run of adjacent records in the table.
    private struct Slice {
        /// Where to continue; `nil` after the last one.
        private(set) var next: [UInt8]?
        private(set) var count = 0
        private(set) var bytes = 0

        init(_ start: [UInt8], _ reader: ThreadReader, _ inspection: Inspection) throws(ServiceError) {
            let environment = inspection.environment
            inspection.total = UInt64(try reader.statistics(environment.records).ms_entries)
            let cursor = try reader.cursor(environment.records)
            let index = try reader.cursor(environment.index)
            let changes = try environment.changes.map { tables throws(ServiceError) in
                SharedCursor(try reader.cursor(tables.changes))
            }
            func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServiceError) {
                next = unsafe [UInt8](key) + [0]
                count += 1
                guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)) else {
                    return inspection.report(nil, environment.path, "a key of the table of articles is not an id")
                }
                bytes += try unsafe Self.check(id, value, reader, index, changes, inspection)
            }
            var isFound = try unsafe cursor.seek(start, visit) != nil
            while isFound, count < Inspection.slice.records, bytes < Inspection.slice.bytes {
                isFound = try unsafe cursor.move(.next, visit) != nil
            }
            if !isFound { next = nil }
        }

        /// - Returns: the number of bytes read.
        private static func check(
            _ id: ArticleID, _ value: UnsafeRawBufferPointer, _ reader: ThreadReader, _ index: borrowing Cursor,
            _ changes: SharedCursor?, _ inspection: Inspection
        ) throws(ServiceError) -> Int {
            inspection.records += 1
            var size = 0
            var entries: [IndexEntry] = []
            var key: [UInt8] = []
            var change = ChangeEntry(0, id)
            let result = try unsafe inspection.reader.read(id, value) { record, bytes throws(ServiceError) in
                size = bytes.count
                unsafe entries = RecordEntries.of(
                    id, key: record.key, time: record.header.time, terms: record.terms, inspection.environment.hash)
                unsafe key = [UInt8](record.key)
                change = ChangeEntry(record.header.sequence, id)
            }
            if case .failure(let fault) = result {
                unsafe inspection.report(id, value, fault)
                return Inspection.slice.bytes / Inspection.slice.records
            }
            inspection.bytes += UInt64(size)
            for entry in entries where try !isPresent(entry, index) {
                inspection.report(id, inspection.environment.path, "the index does not have it \(entry.listName)")
            }
            if let changes, try !changes.has(change) {
                inspection.report(id, inspection.environment.path, "the table of changes does not have its last change")
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

        /// Checks that no other record has the key.
        private static func checkOwner(
            of key: [UInt8], _ entry: IndexEntry, _ reader: ThreadReader, _ inspection: Inspection
        ) throws(ServiceError) {
            var others: [ArticleID] = []
            try reader.forEachEntry(entry.list) { other in
                // Reports each pair once.
                if other.id > entry.id { others.append(other.id) }
                return true
            }
            for other in others {
                let isSame = try reader.ifReadable(other) { record in
                    unsafe key.lend { unsafe Memory.equal($0, record.key) }
                }
                if isSame == true {
                    inspection.report(
                        entry.id, inspection.environment.path, "its URL is also that of the article \(other)")
                }
            }
        }
    }
}

extension IndexEntry {
    /// Where the entry is, for people.
    var listName: String {
        if list == Self.all { return "in the list of all articles" }
        return isOfKey ? "under its URL" : "under one of its terms"
    }
}

extension ThreadReader {
    /// Lends a record from the call's snapshot; `nil` if there is none or it is damaged.
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

/// Reads whole records with read(2): a failing disk is an error here, while access to the memory map would end the
/// process.
///
/// For one thread. The buffer is as large as the largest record.
final class VerifyingReader {
    /// Why a record cannot be read.
    enum Fault: Error {
        /// The table of records has no valid location for it.
        case place
        /// It does not match its checksum.
        case header
        case content
        /// The disk returned this `errno`.
        case disk(Int32)

        var problem: String {
            switch self {
            case .place: "its location is not valid"
            case .header: "its header, key or terms do not match their checksum"
            case .content: "its content does not match its checksum"
            case .disk(let code): "the disk cannot read it: \(unsafe String(cString: strerror(code)))"
            }
        }
    }

    /// Enough for most records.
    private static let step = 16 << 10

    private let environment: LMDBEnvironment
    private let descriptor: Int32
    private var bytes: [UInt8]

    init(_ environment: LMDBEnvironment) throws(ServiceError) {
        self.environment = environment
        let path = environment.heap.path
        // A descriptor of its own, so that the advice about read-ahead does not affect the service's reads.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)") }
        bytes = [UInt8](repeating: 0, count: Self.step)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    /// Verifies all checksums of the record that a value refers to, then lends it with all its bytes.
    func read<Value>(
        _ id: ArticleID, _ value: UnsafeRawBufferPointer,
        _ body: (RecordView, UnsafeRawBufferPointer) throws(ServiceError) -> Value
    ) throws(ServiceError) -> Result<Value, Fault> {
        guard let location = unsafe HeapLocation(value), location.offset >= HeapFile.start,
            location.count >= RecordHeader.size
        else { return .failure(.place) }
        if let fault = fill(location) { return .failure(fault) }
        return try unsafe bytes.lend { bytes throws(ServiceError) in
            unsafe try check(id, UnsafeRawBufferPointer(rebasing: bytes[..<location.count]), body)
        }
    }

    private func check<Value>(
        _ id: ArticleID, _ record: UnsafeRawBufferPointer,
        _ body: (RecordView, UnsafeRawBufferPointer) throws(ServiceError) -> Value
    ) throws(ServiceError) -> Result<Value, Fault> {
        let view: RecordView
        do throws(ServiceError) {
            view = try unsafe RecordView(id, record: record, in: environment)
        } catch {
            return .failure(.header)
        }
        guard unsafe CRC32C.checksum(view.content) == view.header.contentChecksum else { return .failure(.content) }
        return .success(try unsafe body(view, record))
    }

    /// Reads the record. No memory is reserved for a size that the header does not confirm.
    private func fill(_ location: HeapLocation) -> Fault? {
        let first = min(location.count, Self.step)
        if let fault = read(0..<first, at: location.offset) { return fault }
        guard location.count > first else { return nil }
        let size = unsafe bytes.lend { bytes in
            unsafe RecordHeader(decoding: bytes)?.recordSize
        }
        guard let size, size == location.count else { return .header }
        if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
        return read(first..<size, at: location.offset + first)
    }

    private func read(_ range: Range<Int>, at offset: Int) -> Fault? {
        var done = range.lowerBound
        while done < range.upperBound {
            let count = unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe pread(
                    descriptor, bytes.baseAddress.unsafelyUnwrapped + done, range.upperBound - done,
                    off_t(offset + done - range.lowerBound))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .disk(errno) }
            if count == 0 { return .place }
            done += count
        }
        return nil
    }
}

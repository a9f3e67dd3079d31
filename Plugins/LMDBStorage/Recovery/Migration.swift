// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc

/// Converts the storage of an earlier version, whose records did not contain their ids. All records are written to a
/// new heap, which replaces the old one when it is complete and on disk. The index is then rebuilt
/// (``IndexRebuild``).
///
/// A crash in the middle changes nothing: the next start converts again.
struct Migration {
    let directory: DataDirectory
    let limits: EngineLimits
    let disk: any Disk
    let progress: StartProgress

    /// Does nothing if there is nothing to convert.
    func run() throws(ServiceError) {
        let head = try HeapHead.read(directory.heap)
        guard head == .legacy || head == nil && FilePart.exists(directory.database) else { return }
        // A missing heap is reported later, unless the records are in the index.
        guard let legacy = try LegacyIndex(directory, limits), head == .legacy || legacy.hasRecords else { return }
        let log = try LogHeaders(directory)
        let mark = try FileMark(of: directory.database, pageSize: Int(getpagesize()))
        if log.unfinishedLegacy != nil || mark?.isComplete == false {
            throw ServiceError(
                .failedPrecondition,
                "\(directory.database) was not closed by the articled that wrote it, which was an older one: start and stop that one again. Nothing was changed"
            )
        }
        try copy(legacy, generation: log.nextGeneration(after: 0))
    }

    private func copy(_ legacy: LegacyIndex, generation: UInt64) throws(ServiceError) {
        let path = directory.heap + ".new"
        unsafe unlink(path)
        var head = HeapHead(legacy.hash)
        var writer = MigrationWriter(try disk.open(path), head.hash)
        let old = try FilePart.exists(directory.heap) ? disk.open(directory.heap) : nil
        let total = max(1, legacy.count)
        try legacy.visit { id, value throws(ServiceError) in
            let record = try record(value, in: old)
            try writer.add(id, LegacyRecord(id, record))
            progress.report("converting the articles of an earlier articled: \(writer.count * 100 / total) %")
        }
        let contents = try writer.finish()
        (head.session, head.generation, head.closed) = (.new(), generation, contents)
        try writer.file.write(head.encoded(), at: 0)
        try writer.file.sync()
        guard unsafe rename(path, directory.heap) == 0 else { throw .system("cannot create \(directory.heap)") }
        try directory.sync()
    }

    /// The bytes of a record. Up to format 2 they were in the table itself.
    private func record(_ value: [UInt8], in heap: (any DiskFile)?) throws(ServiceError) -> [UInt8] {
        if value.count > HeapLocation.size { return value }
        guard let heap, let location = unsafe value.lend({ unsafe HeapLocation($0) }) else { return [] }
        return try heap.read(location.count, at: location.offset)
    }
}

/// A record in the earlier format: 56 bytes, then key, terms and content. Its checksum began with the id, which was
/// not part of the record.
private struct LegacyRecord {
    private static let size = 56

    var header: RecordHeader
    /// Key, terms and content; `nil` if the record is damaged.
    var rest: ArraySlice<UInt8>?

    init(_ id: ArticleID, _ bytes: [UInt8]) {
        header = RecordHeader(id: id, sequence: 0, seal: 0, revision: 0, createdAt: 0, storedAt: 0, time: 0)
        guard bytes.count >= Self.size, bytes.integer(at: 4) == UInt16(1) else { return }
        header.termsSize = bytes.integer(at: 6)
        header.contentChecksum = bytes.integer(at: 8)
        header.keySize = bytes.integer(at: 12)
        header.revision = bytes.integer(at: 16)
        header.createdAt = bytes.integer(at: 24)
        header.storedAt = bytes.integer(at: 32)
        header.time = bytes.integer(at: 40)
        header.contentSize = bytes.integer(at: 48)
        let contentOffset = Self.size + Int(header.keySize) + Int(header.termsSize)
        guard contentOffset + Int(header.contentSize) == bytes.count else { return }
        let start = unsafe id.withKey { unsafe CRC32C.checksum($0) }
        let checksum = unsafe bytes.lend { bytes in
            unsafe CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: bytes[4..<contentOffset]), continuing: start)
        }
        if checksum == bytes.integer(at: 0) { rest = bytes[Self.size...] }
    }
}

/// Writes records one after the other to a new heap.
private struct MigrationWriter {
    private static let bufferSize = 4 << 20

    let file: any DiskFile
    private let hash: KeyedHash
    private var bytes: [UInt8] = []
    private var offset = HeapFile.start
    private(set) var count = 0

    init(_ file: any DiskFile, _ hash: KeyedHash) {
        self.file = file
        self.hash = hash
    }

    /// Adds a record. Of a damaged one only the header is kept, so that reading it is still DATA_LOSS.
    mutating func add(_ id: ArticleID, _ legacy: LegacyRecord) throws(ServiceError) {
        count += 1
        var header = legacy.header
        header.sequence = UInt64(count)
        header.seal = RecordHeader.seal(hash, id, header.sequence, at: offset + bytes.count)
        if legacy.rest == nil { (header.keySize, header.termsSize, header.contentSize) = (0, 0, 0) }
        var record = [UInt8](repeating: 0, count: RecordHeader.size) + (legacy.rest ?? [])
        unsafe record.withUnsafeMutableBytes { unsafe header.encode(to: $0) }
        if legacy.rest != nil { record.set(CRC32C.checksum(Array(record[4..<header.contentOffset])), at: 0) }
        bytes += record
        bytes += [UInt8](repeating: 0, count: HeapLocation.extent(of: record.count) - record.count)
        if bytes.count >= Self.bufferSize { try flush() }
    }

    /// The contents of the new heap.
    mutating func finish() throws(ServiceError) -> HeapHead.Contents {
        try flush()
        return HeapHead.Contents(records: UInt64(count), end: offset, sequence: UInt64(count))
    }

    private mutating func flush() throws(ServiceError) {
        try file.write(bytes, at: offset)
        offset += bytes.count
        bytes.removeAll(keepingCapacity: true)
    }
}

/// The index of an earlier version, opened read-only.
@safe
private final class LegacyIndex {
    let hash: KeyedHash
    let count: Int
    /// Whether records may be in the index itself.
    let hasRecords: Bool
    private let environment: OpaquePointer
    private let path: String

    /// `nil` if it does not come from an earlier version.
    init?(_ directory: DataDirectory, _ limits: EngineLimits) throws(ServiceError) {
        path = directory.database
        guard let file = try DatabaseFile.inspect(path) else { return nil }
        var handle: OpaquePointer?
        var code = unsafe mdb_env_create(&handle)
        guard code == 0, let handle = unsafe handle else { throw ServiceError(lmdb: code, "cannot open \(path)") }
        unsafe mdb_env_set_mapsize(handle, max(1 << 26, file.usedBytes))
        unsafe mdb_env_set_maxdbs(handle, 8)
        // No lock file is needed: the directory is locked, and nobody writes.
        code = unsafe mdb_env_open(handle, path, UInt32(MDB_NOSUBDIR | MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK), 0o600)
        do throws(ServiceError) {
            guard code == 0 else { throw ServiceError(lmdb: code, "cannot open \(path)") }
            let found = try unsafe Self.read(handle, path) { transaction, path throws(ServiceError) in
                var (about, records): (MDB_dbi, MDB_dbi) = (0, 0)
                guard unsafe mdb_dbi_open(transaction, "about", 0, &about) == 0,
                    unsafe mdb_dbi_open(transaction, "records", 0, &records) == 0
                else { return nil as (FormatRecord, Int)? }
                let name = FormatRecord.name
                let bytes = unsafe name.lend { name -> [UInt8]? in
                    var key = unsafe MDB_val(name)
                    var value = unsafe MDB_val()
                    return unsafe mdb_get(transaction, about, &key, &value) == 0 ? unsafe [UInt8](value.bytes) : nil
                }
                var statistics = MDB_stat()
                unsafe mdb_stat(transaction, records, &statistics)
                return (try FormatRecord(bytes, path), statistics.ms_entries)
            }
            guard let (format, count) = found, format.isLegacy else {
                unsafe mdb_env_close(handle)
                return nil
            }
            (hash, self.count) = (format.hash, count)
            hasRecords = !FilePart.exists(directory.heap)
        } catch {
            unsafe mdb_env_close(handle)
            throw error
        }
        unsafe environment = handle
    }

    deinit { unsafe mdb_env_close(environment) }

    private static func read<Result>(
        _ environment: OpaquePointer, _ path: String,
        _ body: (OpaquePointer, String) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        var transaction: OpaquePointer?
        let code = unsafe mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == 0, let transaction = unsafe transaction else {
            throw ServiceError(lmdb: code, "cannot read \(path)")
        }
        defer { unsafe mdb_txn_abort(transaction) }
        return try unsafe body(transaction, path)
    }

    /// Calls `body` with each id and its value in the table, in ascending order.
    func visit(_ body: (ArticleID, [UInt8]) throws(ServiceError) -> Void) throws(ServiceError) {
        try unsafe Self.read(environment, path) { transaction, path throws(ServiceError) in
            var records: MDB_dbi = 0
            let code = unsafe mdb_dbi_open(transaction, "records", 0, &records)
            guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(path)") }
            let cursor = try unsafe Cursor(transaction, records, path)
            func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServiceError) {
                guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)) else { return }
                try unsafe body(id, [UInt8](value))
            }
            var isFound = try unsafe cursor.move(.first, take) != nil
            while isFound { isFound = try unsafe cursor.move(.next, take) != nil }
        }
    }
}

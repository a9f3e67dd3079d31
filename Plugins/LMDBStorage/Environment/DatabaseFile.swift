// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// The meta pages of an LMDB file, read with read(2) before the file is mapped. Access to a map beyond the end of a
/// truncated file raises SIGBUS instead of an error.
struct DatabaseFile {
    /// The page size in bytes.
    let pageSize: Int
    /// Where the newest snapshot of the file ends.
    let usedBytes: Int

    /// Reads and checks the meta pages.
    ///
    /// - Returns: `nil` if there is no such file.
    static func inspect(_ path: String) throws(ServiceError) -> DatabaseFile? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("cannot read \(path)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system("cannot read \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ServiceError(.failedPrecondition, "\(path) is not a regular file: name another directory")
        }
        let first = try head(descriptor, at: 0, path)
        try checkPageSize(first, path)
        let second = try head(descriptor, at: first.pageSize, path)
        return try DatabaseFile(first, second, size: Int(status.st_size), path)
    }

    /// Checks two meta pages of a file of this size.
    init(_ first: MetaPage, _ second: MetaPage, size: Int, _ path: String) throws(ServiceError) {
        try Self.checkPageSize(first, path)
        guard second.pageSize == first.pageSize else {
            throw Self.damaged(path, "its two meta pages contradict each other")
        }
        let newest = second.transaction > first.transaction ? second : first
        let (end, overflows) = newest.pages.multipliedReportingOverflow(by: UInt64(first.pageSize))
        guard newest.pages >= 2, !overflows, let usedBytes = Int(exactly: end) else {
            throw Self.damaged(path, "it claims \(newest.pages) pages")
        }
        guard size >= usedBytes else {
            throw Self.damaged(path, "it was truncated: it has \(size) bytes and needs \(usedBytes)")
        }
        guard newest.roots.allSatisfy({ $0 == .max || $0 < newest.pages }) else {
            throw Self.damaged(path, "a root page is beyond its end")
        }
        pageSize = first.pageSize
        self.usedBytes = usedBytes
    }

    private static func checkPageSize(_ head: MetaPage, _ path: String) throws(ServiceError) {
        guard head.pageSize >= 512, head.pageSize <= 65_536, head.pageSize.nonzeroBitCount == 1 else {
            throw damaged(path, "its page size is \(head.pageSize)")
        }
    }

    private static func head(_ descriptor: Int32, at offset: Int, _ path: String) throws(ServiceError) -> MetaPage {
        var bytes = [UInt8](repeating: 0, count: MetaPage.size)
        let count = unsafe pread(descriptor, &bytes, MetaPage.size, off_t(offset))
        guard count >= 0 else { throw .system("cannot read \(path)") }
        return try MetaPage(bytes.prefix(count), path)
    }

    static func damaged(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "\(path) is damaged or not an index: \(reason). Nothing was changed. Keep a copy, then restore a backup or name another directory"
        )
    }
}

/// One of the two meta pages of an LMDB file. Each describes one snapshot.
///
/// The layout is that of LMDB 0.9 on 64-bit machines (mdb.c: MDB_page, MDB_meta): a page header of 16 bytes, then the
/// meta. A commit of transaction n writes meta page n & 1 (mdb_env_write_meta: `toggle`). When the file is opened,
/// the one with the greater transaction number is used (mdb_env_pick_meta, mdb_env_read_header).
struct MetaPage {
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let version: UInt32 = 1
    private static let metaFlag: UInt16 = 0x08
    /// The size of a page header and a meta. LMDB never writes the rest of the page after creating the file
    /// (mdb_env_init_meta writes whole pages, mdb_env_write_meta only the meta).
    static let size = 152

    let pageSize: Int
    /// The number of pages in the file.
    let pages: UInt64
    let transaction: UInt64
    /// The root pages of the free list and of the main table.
    let roots: [UInt64]

    /// Reads and checks ``size`` bytes.
    init(_ bytes: ArraySlice<UInt8>, _ path: String) throws(ServiceError) {
        guard bytes.count == Self.size else {
            throw DatabaseFile.damaged(path, "it was truncated within its meta pages")
        }
        let bytes = Array(bytes)
        let flags: UInt16 = bytes.integer(at: 10)
        let magic: UInt32 = bytes.integer(at: 16)
        let version: UInt32 = bytes.integer(at: 20)
        guard magic == Self.magic, flags & Self.metaFlag != 0 else {
            throw DatabaseFile.damaged(path, "it does not begin like an LMDB file")
        }
        guard version == Self.version else {
            throw ServiceError(
                .dataLoss,
                "\(path) was made by another version of LMDB (format \(version), not \(Self.version)). Nothing was changed"
            )
        }
        let pageSize: UInt32 = bytes.integer(at: 40)
        let lastPage: UInt64 = bytes.integer(at: 136)
        let (pages, overflows) = lastPage.addingReportingOverflow(1)
        guard !overflows else { throw DatabaseFile.damaged(path, "it claims 2^64 pages") }
        self.pageSize = Int(pageSize)
        self.pages = pages
        transaction = bytes.integer(at: 144)
        roots = [bytes.integer(at: 80), bytes.integer(at: 128)]
    }
}

/// The memory range of the mapped LMDB file. LMDB trusts the sizes that it finds in the file. A caller that was lent
/// a value checks it here first, so that a damaged size is an error and not a SIGBUS.
final class FileMap: Sendable {
    private let base: UInt
    private let size: UInt
    private let descriptor: Int32
    private let bytes: Atomic<UInt>

    /// Finds the map. Each page begins with its number (mdb.c: MDB_page), so any value leads to page 0.
    init(_ environment: OpaquePointer, _ descriptor: Int32, _ path: String) throws(ServiceError) {
        let pageSize = UInt(getpagesize())
        var page = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            guard let about = try transaction.tableIfPresent("about") else { throw FormatRecord.foreign(path) }
            return unsafe try transaction.lend(FormatRecord.name, about) { value -> UInt in
                guard let address = value.baseAddress else { return 0 }
                return UInt(bitPattern: address) & ~(pageSize - 1)
            } ?? 0
        }
        if page != 0, let header = unsafe UnsafeRawPointer(bitPattern: page) {
            page &-= unsafe header.load(as: UInt.self) &* pageSize
        }
        var information = unsafe MDB_envinfo()
        unsafe mdb_env_info(environment, &information)
        base = page
        size = unsafe UInt(information.me_mapsize)
        self.descriptor = descriptor
        bytes = Atomic(0)
        refresh()
    }

    /// Whether all of the value lies within the file.
    func allows(_ value: UnsafeRawBufferPointer) -> Bool {
        let start = UInt(bitPattern: value.baseAddress) &- base
        // Not in the map: pages changed by the running write transaction are in memory of their own.
        if start >= size { return true }
        let (end, overflows) = start.addingReportingOverflow(UInt(value.count))
        if overflows { return false }
        if end <= bytes.load(ordering: .relaxed) { return true }
        // Either the file has grown since the last check, or the value is damaged.
        refresh()
        return end <= bytes.load(ordering: .relaxed)
    }

    private func refresh() {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return }
        bytes.store(UInt(clamping: status.st_size), ordering: .relaxed)
    }
}

internal import ArticleProtocol
internal import Glibc

/// What the head of an LMDB file says, read with read(2) before the file is mapped: behind the end of a truncated file
/// a map gives SIGBUS and no error.
///
/// The layout is that of LMDB 0.9 on 64-bit machines (lmdb.h, mdb.c: MDB_page, MDB_meta): two pages, each with a page
/// header of 16 bytes and one version of the file's root behind it; the greater transaction number counts.
struct DatabaseFile {
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let version: UInt32 = 1
    private static let metaFlag: UInt16 = 0x08
    /// Bytes of a page header and a meta behind it.
    private static let metaSize = 152

    /// Of a page, in bytes.
    let pageSize: Int
    /// Where the newest version of the file ends.
    let usedBytes: Int

    /// Reads and checks the head.
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
            throw ServiceError(.failedPrecondition, "\(path) is not a regular file; name another directory")
        }
        return try DatabaseFile(descriptor, size: Int(status.st_size), path)
    }

    private init(_ descriptor: Int32, size: Int, _ path: String) throws(ServiceError) {
        let first = try Self.meta(descriptor, at: 0, path)
        guard first.pageSize >= 512, first.pageSize <= 65_536, first.pageSize.nonzeroBitCount == 1 else {
            throw Self.damaged(path, "its page size is \(first.pageSize)")
        }
        let second = try Self.meta(descriptor, at: first.pageSize, path)
        guard second.pageSize == first.pageSize else { throw Self.damaged(path, "its two heads contradict each other") }
        let newest = second.transaction > first.transaction ? second : first
        let (end, overflows) = newest.pages.multipliedReportingOverflow(by: UInt64(first.pageSize))
        guard newest.pages >= 2, !overflows, let usedBytes = Int(exactly: end) else {
            throw Self.damaged(path, "it claims \(newest.pages) pages")
        }
        guard size >= usedBytes else {
            throw Self.damaged(path, "it was cut off: it has \(size) bytes and needs \(usedBytes)")
        }
        guard newest.roots.allSatisfy({ $0 == .max || $0 < newest.pages }) else {
            throw Self.damaged(path, "a root lies behind its end")
        }
        pageSize = first.pageSize
        self.usedBytes = usedBytes
    }

    private struct Meta {
        var pageSize: Int
        /// How many pages the file has.
        var pages: UInt64
        var transaction: UInt64
        /// Of the list of free pages and of the tables.
        var roots: [UInt64]
    }

    private static func meta(_ descriptor: Int32, at offset: Int, _ path: String) throws(ServiceError) -> Meta {
        var bytes = [UInt8](repeating: 0, count: metaSize)
        let count = unsafe pread(descriptor, &bytes, metaSize, off_t(offset))
        guard count >= 0 else { throw .system("cannot read \(path)") }
        guard count == metaSize else { throw damaged(path, "it was cut off within its head") }
        let flags: UInt16 = integer(bytes, at: 10)
        let magic: UInt32 = integer(bytes, at: 16)
        let version: UInt32 = integer(bytes, at: 20)
        guard magic == Self.magic, flags & metaFlag != 0 else { throw damaged(path, "its head is not one of LMDB's") }
        guard version == Self.version else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) was made by another version of LMDB (format \(version), not \(Self.version)); nothing was changed"
            )
        }
        let pageSize: UInt32 = integer(bytes, at: 40)
        let lastPage: UInt64 = integer(bytes, at: 136)
        let (pages, overflows) = lastPage.addingReportingOverflow(1)
        guard !overflows else { throw damaged(path, "it claims 2^64 pages") }
        return Meta(
            pageSize: Int(pageSize), pages: pages, transaction: integer(bytes, at: 144),
            roots: [integer(bytes, at: 80), integer(bytes, at: 128)])
    }

    private static func integer<Value: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Value {
        var value: Value = 0
        for index in (0..<MemoryLayout<Value>.size).reversed() { value = value << 8 | Value(bytes[offset + index]) }
        return value
    }

    private static func damaged(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "\(path) is damaged or not a database: \(reason). Nothing was changed; keep a copy, then restore a backup or name another directory"
        )
    }
}

internal import ArticleProtocol
internal import Glibc

/// What the head of an LMDB file says, read with read(2) before the file is mapped: behind the end of a truncated file
/// a map gives SIGBUS and no error.
struct DatabaseFile {
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
        let first = try head(descriptor, at: 0, path)
        try checkPageSize(first, path)
        let second = try head(descriptor, at: first.pageSize, path)
        return try DatabaseFile(first, second, size: Int(status.st_size), path)
    }

    /// Checks two heads of a file of this size.
    init(_ first: MetaPage, _ second: MetaPage, size: Int, _ path: String) throws(ServiceError) {
        try Self.checkPageSize(first, path)
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
            "\(path) is damaged or not a database: \(reason). Nothing was changed; keep a copy, then restore a backup or name another directory"
        )
    }
}

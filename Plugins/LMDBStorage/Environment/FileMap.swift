internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import Synchronization

/// Which memory is the file's. LMDB trusts the sizes that it finds in the file; whoever was lent a value asks here first,
/// so that a damaged size is an error and no SIGBUS.
final class FileMap: Sendable {
    private let base: UInt
    private let size: UInt
    private let descriptor: Int32
    private let bytes: Atomic<UInt>

    /// Finds the map: a page begins with its number (mdb.c: MDB_page), so any value tells where page 0 is.
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

    /// Whether all of it can be read.
    func allows(_ value: UnsafeRawBufferPointer) -> Bool {
        let start = UInt(bitPattern: value.baseAddress) &- base
        // Not in the map: a page that the running write transaction has changed lies in memory of its own.
        if start >= size { return true }
        let (end, overflows) = start.addingReportingOverflow(UInt(value.count))
        if overflows { return false }
        if end <= bytes.load(ordering: .relaxed) { return true }
        // The file has grown since anyone asked, or the value is damaged.
        refresh()
        return end <= bytes.load(ordering: .relaxed)
    }

    private func refresh() {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return }
        bytes.store(UInt(clamping: status.st_size), ordering: .relaxed)
    }
}

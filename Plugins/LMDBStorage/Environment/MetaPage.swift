internal import ArticleProtocol

/// One of the two heads of an LMDB file: a version of its root.
///
/// The layout is that of LMDB 0.9 on 64-bit machines (mdb.c: MDB_page, MDB_meta): a page header of 16 bytes, the meta
/// behind it. A commit of transaction n writes head n & 1 (mdb_env_write_meta: `toggle`), and the greater transaction
/// counts when the file is opened (mdb_env_pick_meta, mdb_env_read_header).
struct MetaPage {
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let version: UInt32 = 1
    private static let metaFlag: UInt16 = 0x08
    /// Bytes of a page header and a meta behind it. What follows in the page LMDB never writes again once the file is
    /// made (mdb_env_init_meta writes whole pages, mdb_env_write_meta only the meta).
    static let size = 152

    let pageSize: Int
    /// How many pages the file has.
    let pages: UInt64
    let transaction: UInt64
    /// Of the list of free pages and of the tables.
    let roots: [UInt64]

    /// Reads and checks ``size`` bytes.
    init(_ bytes: ArraySlice<UInt8>, _ path: String) throws(ServiceError) {
        guard bytes.count == Self.size else { throw DatabaseFile.damaged(path, "it was cut off within its head") }
        let bytes = Array(bytes)
        let flags: UInt16 = bytes.integer(at: 10)
        let magic: UInt32 = bytes.integer(at: 16)
        let version: UInt32 = bytes.integer(at: 20)
        guard magic == Self.magic, flags & Self.metaFlag != 0 else {
            throw DatabaseFile.damaged(path, "its head is not one of LMDB's")
        }
        guard version == Self.version else {
            throw ServiceError(
                .dataLoss,
                "\(path) was made by another version of LMDB (format \(version), not \(Self.version)); nothing was changed"
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

internal import ArticleProtocol
internal import CLMDB

/// The tables of a database, found when it is opened, or made.
struct Tables {
    let records: MDB_dbi
    let index: MDB_dbi
    let space: MDB_dbi
    let hash: KeyedHash
    /// How long the heap is at least.
    let heapEnd: Int

    init(_ environment: OpaquePointer, _ path: String, _ directory: DataDirectory) throws(ServiceError) {
        self = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            try Tables(transaction, path, directory)
        }
    }

    private init(
        _ transaction: borrowing WriteTransaction, _ path: String, _ directory: DataDirectory
    ) throws(ServiceError) {
        let isNew = try transaction.isEmptyFile()
        guard let about = isNew ? try transaction.table("about", create: true) : try transaction.tableIfPresent("about")
        else { throw FormatRecord.foreign(path) }
        if isNew { try FormatRecord.new().store(in: transaction, about) }
        let format = try FormatRecord(in: transaction, about, path)
        records = try transaction.table("records", create: true)
        index = try transaction.table("index", create: true)
        space = try transaction.table("space", create: true)
        hash = format.hash
        if isNew || format.isFormer {
            // On disk before the database says that it has one.
            try HeapFile.create(directory.heap, format.hash)
            try directory.sync()
            try HeapSpace().store(transaction, space)
            try format.store(in: transaction, about)
        }
        heapEnd = try HeapSpace(transaction, space, path).end
    }
}

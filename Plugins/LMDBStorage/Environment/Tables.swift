internal import ArticleProtocol
internal import CLMDB

/// The tables of a database, found when it is opened, or made.
struct Tables {
    let records: MDB_dbi
    let index: MDB_dbi
    let space: MDB_dbi

    /// Finds them. Throws `dataLoss` if they are not those of the heap with this key.
    init(of environment: OpaquePointer, _ path: String, _ hash: KeyedHash) throws(ServiceError) {
        self = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            guard let about = try transaction.tableIfPresent("about") else { throw FormatRecord.foreign(path) }
            let format = try FormatRecord(in: transaction, about, path)
            guard !format.isFormer, format.hash == hash else {
                throw DatabaseFile.damaged(path, "it is not the index of the articles beside it")
            }
            return try Tables(transaction)
        }
    }

    /// Makes them, in an empty file.
    init(makingIn environment: OpaquePointer, _ path: String, _ hash: KeyedHash) throws(ServiceError) {
        self = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            let about = try transaction.table("about", create: true)
            try FormatRecord(hash: hash).store(in: transaction, about)
            let tables = try Tables(transaction)
            try HeapSpace().store(transaction, tables.space)
            return tables
        }
    }

    private init(_ transaction: borrowing WriteTransaction) throws(ServiceError) {
        records = try transaction.table("records", create: true)
        index = try transaction.table("index", create: true)
        space = try transaction.table("space", create: true)
    }
}

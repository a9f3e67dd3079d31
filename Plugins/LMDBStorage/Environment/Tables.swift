// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// The tables of an LMDB file.
struct Tables {
    let records: MDB_dbi
    let index: MDB_dbi
    let space: MDB_dbi
    /// `nil` in a file of format 4, which ``ChangeUpgrade`` converts.
    let changes: ChangeTables?

    /// Opens them. Throws `dataLoss` if they do not belong to the heap with this key.
    init(of environment: OpaquePointer, _ path: String, _ hash: KeyedHash) throws(ServiceError) {
        self = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            guard let about = try transaction.tableIfPresent("about") else { throw FormatRecord.foreign(path) }
            let format = try FormatRecord(in: transaction, about, path)
            guard !format.isLegacy, format.hash == hash else {
                throw DatabaseFile.damaged(path, "it is not the index of the articles next to it")
            }
            return try Tables(transaction, hasChanges: !format.lacksChanges)
        }
    }

    /// Creates them in an empty file.
    init(makingIn environment: OpaquePointer, _ path: String, _ hash: KeyedHash) throws(ServiceError) {
        self = try unsafe WriteTransaction.run(environment, path) { transaction throws(ServiceError) in
            let about = try transaction.table("about", create: true)
            try FormatRecord(hash: hash).store(in: transaction, about)
            let tables = try Tables(transaction, hasChanges: true)
            try HeapSpace().store(transaction, tables.space)
            if let changes = tables.changes { try ChangeHistory.begin(changes, transaction) }
            return tables
        }
    }

    private init(_ transaction: borrowing WriteTransaction, hasChanges: Bool) throws(ServiceError) {
        records = try transaction.table("records", create: true)
        index = try transaction.table("index", create: true)
        space = try transaction.table("space", create: true)
        changes = hasChanges ? try ChangeTables(transaction) : nil
    }
}

/// Identifies an LMDB file as articled's: the format, and the key of the hashes.
struct FormatRecord {
    /// The format of the tables, the records and the files next to them. Any other number is incompatible.
    static let version: UInt32 = 5
    /// It has no tables of changes. ``ChangeUpgrade`` adds them.
    private static let versionWithoutChanges: UInt32 = 4
    /// ``Migration`` converts these. 1 had no log; up to 2 the records were in the table itself; up to 3 records did
    /// not contain their ids.
    private static let legacyVersions: ClosedRange<UInt32> = 1...3
    private static let magic: UInt64 = 0x3142_4444_4C43_5452  // "RTCLDDB1", little-endian
    static let name = Array("format".utf8)
    private static let size = 28

    let hash: KeyedHash
    /// Whether it has an earlier format.
    let isLegacy: Bool
    /// Whether it has all tables but those of changes.
    let lacksChanges: Bool

    /// For a new file next to a heap with this key.
    init(hash: KeyedHash) {
        self.hash = hash
        isLegacy = false
        lacksChanges = false
    }

    /// Reads and checks the record of the format.
    init(in transaction: borrowing WriteTransaction, _ table: MDB_dbi, _ path: String) throws(ServiceError) {
        try self.init(try transaction.copy(Self.name, table), path)
    }

    /// The same from the record's bytes; `nil` if there is none.
    init(_ bytes: [UInt8]?, _ path: String) throws(ServiceError) {
        guard let bytes, bytes.count >= 12, Self.word(bytes, 0) == Self.magic else { throw Self.foreign(path) }
        let version = UInt32(truncatingIfNeeded: Self.word(bytes + [0, 0, 0, 0], 8))
        guard version == Self.version || version == Self.versionWithoutChanges || Self.legacyVersions.contains(version)
        else {
            throw ServiceError(
                .dataLoss,
                "\(path) has format \(version), but this articled reads format \(Self.version): use the articled that made it, or name another directory. Nothing was changed"
            )
        }
        guard bytes.count == Self.size else {
            throw ServiceError(
                .dataLoss, "\(path) is damaged: its format record has \(bytes.count) bytes. Restore a backup")
        }
        isLegacy = Self.legacyVersions.contains(version)
        lacksChanges = version == Self.versionWithoutChanges
        hash = KeyedHash(Self.word(bytes, 12), Self.word(bytes, 20))
    }

    func store(in transaction: borrowing WriteTransaction, _ table: MDB_dbi) throws(ServiceError) {
        var bytes: [UInt8] = []
        for (value, width) in [(Self.magic, 8), (UInt64(Self.version), 4), (hash.first, 8), (hash.second, 8)] {
            for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        try transaction.put(Self.name, bytes, table)
    }

    static func foreign(_ path: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "\(path) is a database of another program: name another directory. Nothing was changed")
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }
}

internal import ArticleProtocol

/// What the heap begins with; 64 bytes, little-endian:
///
/// | at | bytes | what                                                                           |
/// |---:|------:|--------------------------------------------------------------------------------|
/// |  0 |     8 | "RTCLHEAP"                                                                     |
/// |  8 |     4 | format: 1                                                                      |
/// | 12 |     4 | CRC-32C of the head with 0 in this place                                       |
/// | 16 |     8 | which database it belongs to: the hash of "heap" by its key                    |
/// | 24 |    16 | the session that wrote to it last, as in ``FileMark``; 0: none, it has nothing |
/// | 40 |    24 | 0                                                                              |
struct HeapHead: Equatable {
    private static let magic: UInt64 = 0x5041_4548_4C43_5452
    private static let format: UInt32 = 1
    static let size = 64

    var database: UInt64
    var session = LogSession(high: 0, low: 0)

    /// Of a new heap.
    init(_ hash: KeyedHash) { database = Self.name(hash) }

    /// Whether the heap belongs to the database with this key.
    func belongs(to hash: KeyedHash) -> Bool { database == Self.name(hash) }

    /// Whether nothing was ever stored in it.
    var isNew: Bool { session == LogSession(high: 0, low: 0) }

    /// Reads that of a file; `nil` if there is no file.
    init?(of path: String) throws(ServiceError) {
        guard var bytes = try FilePart.read(path, Self.size, at: 0) else { return nil }
        guard bytes.count == Self.size, bytes.integer(at: 0) == Self.magic else {
            throw Self.strange(path, "it does not begin as one")
        }
        let format: UInt32 = bytes.integer(at: 8)
        guard format == Self.format else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) was written by a newer articled (format \(format)): use that one; nothing was changed")
        }
        let checksum: UInt32 = bytes.integer(at: 12)
        bytes.set(UInt32(0), at: 12)
        guard CRC32C.checksum(bytes) == checksum else { throw Self.strange(path, "its head is damaged") }
        database = bytes.integer(at: 16)
        session = LogSession(high: bytes.integer(at: 24), low: bytes.integer(at: 32))
    }

    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(Self.format, at: 8)
        bytes.set(database, at: 16)
        bytes.set(session.high, at: 24)
        bytes.set(session.low, at: 32)
        bytes.set(CRC32C.checksum(bytes), at: 12)
        return bytes
    }

    /// Why a file cannot be the heap of a database.
    static func strange(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "\(path) is not the file with the articles of the database beside it: \(reason). Put back the two that belong together, or restore a backup of both; nothing was changed"
        )
    }

    private static func name(_ hash: KeyedHash) -> UInt64 { unsafe Array("heap".utf8).lend { unsafe hash($0) } }
}

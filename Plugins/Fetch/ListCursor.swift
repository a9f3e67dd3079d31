internal import ArticleProtocol
internal import HandlerKit

/// Where a list goes on: a place in the order, which stays good whatever is written meanwhile, of the list that it was given
/// out for.
///
/// To clients it is opaque. Version (1 byte), time (8, big-endian), id (16), which list (4), CRC-32C of all these (4).
enum ListCursor {
    static let size = 33
    private static let version: UInt8 = 2
    private static let checked = size - 4

    /// Which list a query reads: the topic, source and language that it asks for. Its bounds of time are none of it, as a place
    /// means the same within any.
    static func list(of query: StorageQuery) -> UInt32 {
        unsafe query.terms.withPackedBytes { unsafe CRC32C.checksum($0) }
    }

    static func encode(_ position: StorageQuery.Position, of list: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(version)
        append(UInt64(bitPattern: position.time), 8, to: &bytes)
        append(position.id.high, 8, to: &bytes)
        append(position.id.low, 8, to: &bytes)
        append(UInt64(list), 4, to: &bytes)
        append(UInt64(CRC32C.checksum(bytes)), 4, to: &bytes)
        return bytes
    }

    /// Throws `invalidArgument` unless it is one of ours, and of this list.
    static func decode(_ bytes: [UInt8], of list: UInt32) throws(ServiceError) -> StorageQuery.Position {
        guard bytes.count == size, bytes[0] == version,
            read(bytes, checked, 4) == UInt64(CRC32C.checksum(Array(bytes[..<checked])))
        else { throw ServiceError(.invalidArgument, "cursor: it does not come from an item of fetch.list") }
        guard read(bytes, 25, 4) == UInt64(list) else {
            throw ServiceError(
                .invalidArgument,
                "cursor: it comes from a list of another topic, source or language; give the same, or no cursor")
        }
        return StorageQuery.Position(
            time: Int64(bitPattern: read(bytes, 1, 8)), id: ArticleID(high: read(bytes, 9, 8), low: read(bytes, 17, 8)))
    }

    private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func read(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
        bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

internal import ArticleProtocol
internal import HandlerKit

/// Where a list goes on: a place in the order, which stays good whatever is written meanwhile.
///
/// To clients it is opaque. Version (1 byte), time (8, big-endian), id (16), CRC-32C of these (4, big-endian).
enum ListCursor {
    static let size = 29
    private static let version: UInt8 = 1

    static func encode(_ position: StorageQuery.Position) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(version)
        append(UInt64(bitPattern: position.time), 8, to: &bytes)
        append(position.id.high, 8, to: &bytes)
        append(position.id.low, 8, to: &bytes)
        append(UInt64(CRC32C.checksum(bytes)), 4, to: &bytes)
        return bytes
    }

    /// Throws `invalidArgument` unless it is one of ours.
    static func decode(_ bytes: [UInt8]) throws(ServiceError) -> StorageQuery.Position {
        guard bytes.count == size, bytes[0] == version,
            read(bytes, 25, 4) == UInt64(CRC32C.checksum(Array(bytes[..<25])))
        else { throw ServiceError(.invalidArgument, "cursor: it does not come from an item of fetch.list") }
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

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// The cursor of a watch: a position in the storage's changes. It belongs to the filters that it was issued for. With
/// others, what they left out before the position would be missing for ever.
///
/// Clients treat it as opaque. Version (1 byte), position (24), filters (4, big-endian), CRC-32C of the preceding bytes
/// (4, big-endian).
enum WatchCursor {
    private static let version: UInt8 = 1
    private static let filterStart = 1 + ChangePosition.size
    private static let checked = filterStart + 4
    static let size = checked + 4

    static func encode(_ position: ChangePosition, of filter: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(version)
        append(position.epoch.high, 8, to: &bytes)
        append(position.epoch.low, 8, to: &bytes)
        append(position.sequence, 8, to: &bytes)
        append(UInt64(filter), 4, to: &bytes)
        append(UInt64(CRC32C.checksum(bytes)), 4, to: &bytes)
        return bytes
    }

    /// Throws `invalidArgument` unless the cursor is valid and belongs to these filters.
    static func decode(_ bytes: [UInt8], of filter: UInt32) throws(ServiceError) -> ChangePosition {
        guard bytes.count == size, bytes[0] == version,
            read(bytes, checked) == CRC32C.checksum(Array(bytes[..<checked])),
            let position = ChangePosition(bytes: Array(bytes[1..<filterStart]))
        else { throw ServiceError(.invalidArgument, "cursor: not a cursor of changes.watch") }
        guard read(bytes, filterStart) == filter else {
            throw ServiceError(
                .invalidArgument,
                "cursor: it belongs to a watch of another topic, source or language: use the same ones, or no cursor")
        }
        return position
    }

    private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func read(_ bytes: [UInt8], _ start: Int) -> UInt32 {
        bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

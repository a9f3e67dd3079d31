// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The head of the heap: 128 bytes, little-endian, stored twice in two sectors, as one of them may be damaged.
///
/// | at | bytes | what                                                                        |
/// |---:|------:|-----------------------------------------------------------------------------|
/// |  0 |     8 | "RTCLHEAP"                                                                  |
/// |  8 |     4 | format: 2                                                                   |
/// | 12 |     4 | CRC-32C of the head, with 0 in this field                                   |
/// | 16 |    16 | key of the hashes: ``KeyedHash``                                            |
/// | 32 |    16 | last session that wrote to it, as in ``FileMark``; 0: nothing was stored    |
/// | 48 |     8 | generation of that session                                                  |
/// | 56 |     4 | 1: the session was closed: the heap is complete without the log             |
/// | 60 |     4 | 0                                                                           |
/// | 64 |     8 | if closed: number of articles                                               |
/// | 72 |     8 | if closed: where the records end                                            |
/// | 80 |     8 | if closed: sequence number of the last write                                |
/// | 88 |    40 | 0                                                                           |
struct HeapHead: Equatable {
    private static let magic: UInt64 = 0x5041_4548_4C43_5452
    private static let format: UInt32 = 2
    /// In this format, records have no ids and the head has no key. ``Migration`` converts it.
    static let legacyFormat: UInt32 = 1
    static let size = 128
    private static let copy = 512
    /// Where the records may begin.
    static let space = 1024

    /// What a start must find, whatever the state of the index.
    struct Contents: Equatable {
        /// The number of articles.
        var records: UInt64
        /// Where the records end.
        var end: Int
        /// The sequence number of the last write.
        var sequence: UInt64
    }

    var hash: KeyedHash
    var session = LogSession(high: 0, low: 0)
    var generation: UInt64 = 0
    /// The contents, if the heap is complete without the log.
    var closed: Contents?

    /// The head of a new heap.
    init(_ hash: KeyedHash) { self.hash = hash }

    /// Whether nothing was ever stored.
    var isNew: Bool { session == LogSession(high: 0, low: 0) }

    /// What the beginning of a file contains.
    enum Found: Equatable {
        case head(HeapHead)
        /// A heap of an earlier version of articled.
        case legacy
    }

    /// Reads the head of a file; `nil` if there is no file.
    static func read(_ path: String) throws(ServiceError) -> Found? {
        guard let bytes = try FilePart.read(path, space, at: 0) else { return nil }
        do throws(ServiceError) {
            return try decode(Array(bytes.prefix(size)), path)
        } catch {
            guard bytes.count >= copy + size, error.code == .dataLoss,
                let found = try? decode(Array(bytes[copy..<copy + size]), path)
            else { throw error }
            return found
        }
    }

    private static func decode(_ found: [UInt8], _ path: String) throws(ServiceError) -> Found {
        var bytes = found
        guard bytes.count >= 16, bytes.integer(at: 0) == magic else {
            throw mismatch(path, "it does not begin like one")
        }
        let format: UInt32 = bytes.integer(at: 8)
        if format == legacyFormat { return .legacy }
        guard bytes.count == size else { throw mismatch(path, "it does not begin like one") }
        let checksum: UInt32 = bytes.integer(at: 12)
        bytes.set(UInt32(0), at: 12)
        guard CRC32C.checksum(bytes) == checksum else { throw mismatch(path, "its head is damaged") }
        guard format == Self.format else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) was written by a newer articled (format \(format)): use that one. Nothing was changed")
        }
        var head = HeapHead(KeyedHash(bytes.integer(at: 16), bytes.integer(at: 24)))
        head.session = LogSession(high: bytes.integer(at: 32), low: bytes.integer(at: 40))
        head.generation = bytes.integer(at: 48)
        let isClosed: UInt32 = bytes.integer(at: 56)
        let end: UInt64 = bytes.integer(at: 72)
        if isClosed == 1 {
            head.closed = Contents(
                records: bytes.integer(at: 64), end: Int(clamping: end), sequence: bytes.integer(at: 80))
        }
        return .head(head)
    }

    /// Everything before the records.
    func encoded() -> [UInt8] {
        let once = encodedOnce()
        var bytes = [UInt8](repeating: 0, count: Self.space)
        for offset in [0, Self.copy] { bytes.replaceSubrange(offset..<offset + once.count, with: once) }
        return bytes
    }

    private func encodedOnce() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(Self.format, at: 8)
        bytes.set(hash.first, at: 16)
        bytes.set(hash.second, at: 24)
        bytes.set(session.high, at: 32)
        bytes.set(session.low, at: 40)
        bytes.set(generation, at: 48)
        if let closed {
            bytes.set(UInt32(1), at: 56)
            bytes.set(closed.records, at: 64)
            bytes.set(UInt64(closed.end), at: 72)
            bytes.set(closed.sequence, at: 80)
        }
        bytes.set(CRC32C.checksum(bytes), at: 12)
        return bytes
    }

    /// The error for a file that cannot be the heap of this storage.
    static func mismatch(_ path: String, _ reason: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "\(path) is not the file with the articles that belongs to the index next to it: \(reason). Put back files that belong together, or restore a backup. Nothing was changed"
        )
    }
}

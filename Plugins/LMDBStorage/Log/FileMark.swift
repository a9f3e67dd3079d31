// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc

/// The state of the LMDB file in relation to its log, at the end of the file's first page, which LMDB never writes
/// (``MetaPage``). 64 bytes, little-endian:
///
/// | at | bytes | what                                                            |
/// |---:|------:|-----------------------------------------------------------------|
/// |  0 |     8 | "RTCLMARK"                                                      |
/// |  8 |     4 | format: 2                                                       |
/// | 12 |     4 | 1: the file needs its log; 2: it is complete without             |
/// | 16 |    16 | session                                                         |
/// | 32 |     8 | number of the last checkpoint                                   |
/// | 40 |     8 | generation of the session                                       |
/// | 48 |     4 | if 2: CRC-32C of both meta pages (``MetaPages``)                 |
/// | 52 |     8 | 0                                                               |
/// | 60 |     4 | CRC-32C of the preceding bytes                                  |
struct FileMark: Equatable, Sendable {
    private static let magic: UInt64 = 0x4B52_414D_4C43_5452
    private static let format: UInt32 = 2
    private static let legacyFormat: UInt32 = 1
    static let size = 64

    /// Whether the file is complete without the log.
    var isComplete: Bool
    var session: LogSession
    var generation: UInt64
    var checkpoint: UInt64
    var headsChecksum: UInt32

    /// - Parameter complete: the meta pages of a complete file; `nil` if it needs its log.
    init(complete: MetaPages? = nil, session: LogSession, generation: UInt64, checkpoint: UInt64) {
        isComplete = complete != nil
        headsChecksum = complete?.checksum ?? 0
        self.session = session
        self.generation = generation
        self.checkpoint = checkpoint
    }

    /// Reads the mark; `nil` if there is none: the file comes from an articled without a log, or from LMDB's own
    /// tools.
    init?(of path: String, pageSize: Int) throws(ServiceError) {
        let bytes = try FilePart.read(path, Self.size, at: pageSize - Self.size) ?? []
        guard bytes.count == Self.size, bytes.integer(at: 0) == Self.magic else { return nil }
        let format: UInt32 = bytes.integer(at: 8)
        guard format == Self.format || format == Self.legacyFormat else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) was written by a newer articled (log format \(format)): use that one. Nothing was changed")
        }
        guard CRC32C.checksum(Array(bytes[..<60])) == bytes.integer(at: 60) else {
            throw DatabaseFile.damaged(path, "the mark in its first page is damaged")
        }
        let state: UInt32 = bytes.integer(at: 12)
        isComplete = state == 2
        session = LogSession(high: bytes.integer(at: 16), low: bytes.integer(at: 24))
        checkpoint = bytes.integer(at: 32)
        // 0 in the earlier format.
        generation = bytes.integer(at: 40)
        headsChecksum = bytes.integer(at: 48)
    }

    /// Writes the mark. A sync of the file makes it durable.
    func write(to file: any DiskFile, pageSize: Int) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(Self.format, at: 8)
        bytes.set(isComplete ? UInt32(2) : 1, at: 12)
        bytes.set(session.high, at: 16)
        bytes.set(session.low, at: 24)
        bytes.set(checkpoint, at: 32)
        bytes.set(generation, at: 40)
        bytes.set(headsChecksum, at: 48)
        bytes.set(CRC32C.checksum(Array(bytes[..<60])), at: 60)
        try file.write(bytes, at: pageSize - Self.size)
    }
}

/// The last group known to be on disk, in a file of its own. 40 bytes, little-endian: "RTCLDURA", session (16),
/// sequence number of the group (8), 0 (4), CRC-32C of the preceding bytes (4).
///
/// It is written after each sync of the log and never synced itself. It survives the end of the process. After a
/// power failure it may be too low, but never too high. With it a start can tell a damaged group that was
/// acknowledged from one that was still being written.
struct DurableMark {
    private static let magic: UInt64 = 0x4152_5544_4C43_5452
    private static let size = 40

    let session: LogSession
    let sequence: UInt64

    init(_ session: LogSession, _ sequence: UInt64) {
        self.session = session
        self.sequence = sequence
    }

    /// Reads the mark; `nil` if there is no valid one.
    init?(of path: String) throws(ServiceError) {
        guard let bytes = try FilePart.read(path, Self.size, at: 0), bytes.count == Self.size,
            bytes.integer(at: 0) == Self.magic, CRC32C.checksum(Array(bytes[..<36])) == bytes.integer(at: 36)
        else { return nil }
        self.init(LogSession(high: bytes.integer(at: 8), low: bytes.integer(at: 16)), bytes.integer(at: 24))
    }

    func write(to file: any DiskFile) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(session.high, at: 8)
        bytes.set(session.low, at: 16)
        bytes.set(sequence, at: 24)
        bytes.set(CRC32C.checksum(Array(bytes[..<36])), at: 36)
        try file.write(bytes, at: 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// A checkpoint, as the header of a log file: the snapshot and the group with which a recovery begins. It fits one
/// sector, so that it is written as a whole, and is stored twice, as one copy may be damaged. Little-endian:
///
/// | at  | bytes | what                                                                   |
/// |----:|------:|------------------------------------------------------------------------|
/// |   0 |     8 | "RTCLREDO"                                                             |
/// |   8 |     4 | format: 5                                                              |
/// |  12 |     4 | CRC-32C of the sector, with 0 in this field                            |
/// |  16 |    16 | session                                                                |
/// |  32 |     8 | generation of the session; increases over time                         |
/// |  40 |     8 | number of the checkpoint within the session                            |
/// |  48 |     4 | 1: the index is complete without the log                               |
/// |  52 |     4 | page size of the LMDB file                                             |
/// |  56 |     8 | sequence number of the first group after the checkpoint                |
/// |  64 |   304 | ``MetaPages``                                                          |
/// | 368 |     8 | number of articles                                                     |
/// | 376 |     8 | where the records end in the heap                                      |
/// | 384 |     8 | sequence number of the last write                                      |
struct LogHeader: Equatable, Sendable {
    private static let magic: UInt64 = 0x4F44_4552_4C43_5452
    private static let format: UInt32 = 5
    /// 1: groups did not contain locations. 2: records in the heap had other checksums. 3: the group's checksum
    /// covered the records. 4: records had no ids, and groups no durable sequence number.
    private static let legacyFormats: ClosedRange<UInt32> = 1...4
    static let size = 512
    private static let copy = 2048
    /// Where the groups begin.
    static let space = 4096

    var session: LogSession
    var generation: UInt64
    var number: UInt64
    var isClosed: Bool
    var pageSize: Int
    var firstSequence: UInt64
    var metas: MetaPages
    /// The contents of the heap at the checkpoint.
    var contents: HeapHead.Contents
    /// Its groups have an earlier format.
    var isLegacy = false

    /// Orders headers by time.
    static func isEarlier(_ a: LogHeader, _ b: LogHeader) -> Bool {
        (a.generation, a.number) < (b.generation, b.number)
    }

    /// Everything before the groups.
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
        bytes.set(session.high, at: 16)
        bytes.set(session.low, at: 24)
        bytes.set(generation, at: 32)
        bytes.set(number, at: 40)
        bytes.set(isClosed ? UInt32(1) : 0, at: 48)
        bytes.set(UInt32(clamping: pageSize), at: 52)
        bytes.set(firstSequence, at: 56)
        bytes.replaceSubrange(64..<64 + MetaPages.size, with: metas.bytes)
        bytes.set(contents.records, at: 368)
        bytes.set(UInt64(contents.end), at: 376)
        bytes.set(contents.sequence, at: 384)
        bytes.set(CRC32C.checksum(bytes), at: 12)
        return bytes
    }

    /// What the beginning of a log file contains.
    enum Found {
        /// Nothing was ever written.
        case nothing
        case header(LogHeader)
        /// An interrupted write, or damage.
        case damaged
    }

    /// Reads the header of a file. Throws if a newer articled wrote it.
    static func read(_ path: String) throws(ServiceError) -> Found {
        let bytes = try FilePart.read(path, space, at: 0) ?? []
        let first = try decode(Array(bytes.prefix(size)), path)
        let second = try decode(Array(bytes.dropFirst(copy).prefix(size)), path)
        switch (first, second) {
        // A crash may have happened between writing the two copies.
        case (.header(let a), .header(let b)): return .header(isEarlier(a, b) ? b : a)
        case (.header, _): return first
        case (_, .header): return second
        case (.nothing, .nothing): return .nothing
        default: return .damaged
        }
    }

    private static func decode(_ bytes: [UInt8], _ path: String) throws(ServiceError) -> Found {
        if bytes.allSatisfy({ $0 == 0 }) { return .nothing }
        guard bytes.count == size, bytes.integer(at: 0) == magic else { return .damaged }
        var zeroed = bytes
        zeroed.set(UInt32(0), at: 12)
        guard CRC32C.checksum(zeroed) == bytes.integer(at: 12) else { return .damaged }
        let format: UInt32 = bytes.integer(at: 8)
        guard format == Self.format || Self.legacyFormats.contains(format) else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) was written by a newer articled (format \(format)): use that one. Nothing was changed")
        }
        let pageSize: UInt32 = bytes.integer(at: 52)
        let closed: UInt32 = bytes.integer(at: 48)
        let end: UInt64 = bytes.integer(at: 376)
        return .header(
            LogHeader(
                session: LogSession(high: bytes.integer(at: 16), low: bytes.integer(at: 24)),
                generation: bytes.integer(at: 32), number: bytes.integer(at: 40), isClosed: closed == 1,
                pageSize: Int(pageSize), firstSequence: bytes.integer(at: 56),
                metas: MetaPages(Array(bytes[64..<64 + MetaPages.size])),
                contents: HeapHead.Contents(
                    records: bytes.integer(at: 368), end: Int(clamping: end), sequence: bytes.integer(at: 384)),
                isLegacy: format != Self.format))
    }
}

/// The headers of both log files, read before anything is opened or created.
struct LogHeaders {
    let directory: DataDirectory
    private var headers: [(index: Int, header: LogHeader)] = []
    /// A file whose header cannot be read.
    private(set) var damaged: String?

    /// Throws if a newer articled wrote one of them.
    init(_ directory: DataDirectory) throws(ServiceError) {
        self.directory = directory
        for index in 0..<2 {
            let path = directory.log(index)
            switch try LogHeader.read(path) {
            case .nothing: break
            case .header(let header): headers.append((index, header))
            case .damaged: damaged = path
            }
        }
    }

    /// Whether there is no trace of a log.
    var isEmpty: Bool { headers.isEmpty && damaged == nil }

    private var newest: LogHeader? { headers.map(\.header).max(by: LogHeader.isEarlier) }

    /// The generation of a session that begins now.
    func nextGeneration(after other: UInt64) -> UInt64 { max(newest?.generation ?? 0, other) &+ 1 }

    /// The last checkpoint of a session, and the index of its file.
    func newest(of session: LogSession) -> (index: Int, header: LogHeader)? {
        headers.filter { $0.header.session == session }.max { LogHeader.isEarlier($0.header, $1.header) }
    }

    /// The index of the file without the session's last checkpoint. A new session begins there, as the next start needs
    /// the other one if this start is interrupted.
    func spare(_ session: LogSession) -> Int { newest(of: session).map { 1 - $0.index } ?? 0 }

    /// The newest checkpoint of a session that has begun to write.
    var newestBegun: LogHeader? {
        // A session's first header is written before anything else of it.
        headers.map(\.header).filter { !($0.isClosed && $0.number == 1) }.max(by: LogHeader.isEarlier)
    }

    /// The log of an earlier version that was not closed. Only that version can read it.
    var unfinishedLegacy: LogHeader? { headers.map(\.header).first { $0.isLegacy && !$0.isClosed } }
}

/// Identifies everything written between a start and an end of the storage, so that files of another time or another
/// storage are recognized.
struct LogSession: Equatable, Sendable {
    let high: UInt64
    let low: UInt64

    static func new() -> LogSession { LogSession(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max)) }
}

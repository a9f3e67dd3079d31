// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// The cursor of a page: the last hit, how the search was done, and the snapshot that it was done in.
///
/// Clients treat it as opaque. Version (1 byte), matching (1), process (4), snapshot (8), score (4), time (8), document (4),
/// search (4), CRC-32C of the preceding bytes (4), all big-endian.
struct SearchCursor: Equatable {
    private static let version: UInt8 = 1
    private static let size = 38
    /// Tells the snapshots of one process from those of another.
    static let process = UInt32.random(in: 0...UInt32.max)

    var matching: Matching
    /// The number of the snapshot; nil if it was one of another process.
    var snapshot: UInt64?
    var hit: IndexHit

    /// Identifies what was searched for, and in which order.
    static func search(_ request: SearchRequest) -> UInt32 {
        var same = request
        (same.cursor, same.limit, same.articles, same.facets, same.snippetBytes) = ([], 0, false, false, 0)
        return CRC32C.checksum(same.encoded())
    }

    func encoded(of search: UInt32) -> [UInt8] {
        var bytes = [Self.version, matching.code]
        func append(_ value: UInt64, _ count: Int) {
            for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        append(UInt64(Self.process), 4)
        append(snapshot ?? 0, 8)
        append(UInt64(hit.score.bitPattern), 4)
        append(UInt64(bitPattern: hit.time), 8)
        append(UInt64(UInt32(bitPattern: hit.document)), 4)
        append(UInt64(search), 4)
        append(UInt64(CRC32C.checksum(bytes)), 4)
        return bytes
    }

    /// Throws `invalidArgument` unless the cursor is valid and belongs to this search.
    init(_ bytes: [UInt8], of search: UInt32) throws(ServiceError) {
        func value(_ start: Int, _ count: Int) -> UInt64 {
            bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard bytes.count == Self.size, bytes[0] == Self.version, let matching = Matching(code: bytes[1]),
            value(34, 4) == UInt64(CRC32C.checksum(Array(bytes[..<34])))
        else { throw ServiceError(.invalidArgument, "cursor: not a cursor of search.query") }
        guard value(30, 4) == UInt64(search) else {
            throw ServiceError(
                .invalidArgument,
                "cursor: it belongs to another query, other filters or another order: use the same ones, or no cursor")
        }
        self.matching = matching
        snapshot = value(2, 4) == UInt64(Self.process) ? value(6, 8) : nil
        hit = IndexHit(
            document: Int32(bitPattern: UInt32(truncatingIfNeeded: value(26, 4))),
            score: Float(bitPattern: UInt32(truncatingIfNeeded: value(14, 4))),
            time: Int64(bitPattern: value(18, 8)))
    }

    init(matching: Matching, snapshot: UInt64, hit: IndexHit) {
        self.matching = matching
        self.snapshot = snapshot
        self.hit = hit
    }
}

extension Matching {
    fileprivate var code: UInt8 {
        switch self {
        case .allWords: 0
        case .allWordsWithMarks: 1
        case .someWords: 2
        }
    }

    fileprivate init?(code: UInt8) {
        switch code {
        case 0: self = .allWords
        case 1: self = .allWordsWithMarks
        case 2: self = .someWords
        default: return nil
        }
    }
}

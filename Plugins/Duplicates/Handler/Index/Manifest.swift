// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
import Glibc
internal import HandlerKit
internal import IndexFollowing

/// Which segments make up the index, which of their articles are gone, and where the index stands in the storage's changes.
///
/// It is one file, which is replaced as a whole: after a crash it is this one or the one before, and the segments of both
/// are there. Magic (8), state (1: 0 none, 1 incomplete, 2 complete), position (24), the number of the next segment (8), the
/// number of segments (4); for each its number (8), its articles (4), and a bit for each article (in words of 8 bytes); the
/// CRC-32C of all that (4).
struct Manifest: Equatable {
    struct Entry: Equatable {
        var segment: UInt64
        var dead: BitSet
    }

    private static let magic = Array("ARTDDUPM".utf8)
    /// The layout of segments and manifest, and how signatures are made. An index of another version is made anew.
    private static let version: UInt64 = 1
    private static let headerSize = 8 + 4 + 1 + ChangePosition.size + 8 + 4

    var committed: CommittedState?
    var nextSegment: UInt64 = 1
    var entries: [Entry] = []

    /// Reads the manifest of a directory; nil if there is none.
    ///
    /// - Throws: `damaged` if it is not what was written.
    static func load(_ path: String) throws(IndexError) -> Manifest? {
        guard let file = try IndexFile.open(path) else { return nil }
        let bytes = try file.read(at: 0, count: try file.size())
        guard bytes.count >= headerSize + 4, bytes.starts(with: magic) else {
            throw IndexFile.damaged(path, "it is no manifest")
        }
        let checked = bytes.count - 4
        guard LittleEndian.read(bytes, checked, 4) == UInt64(CRC32C.checksum(Array(bytes[..<checked]))) else {
            throw IndexFile.damaged(path, "its checksum does not match")
        }
        let version = LittleEndian.read(bytes, 8, 4)
        guard version == Self.version else {
            throw IndexError(kind: .damaged, message: "\(path) has the format \(version), and not \(Self.version)")
        }
        guard let manifest = Manifest(decoding: bytes, end: checked) else {
            throw IndexFile.damaged(path, "it cannot be understood")
        }
        return manifest
    }

    init() {}

    private init?(decoding bytes: [UInt8], end: Int) {
        let state = bytes[12]
        guard let position = ChangePosition(bytes: Array(bytes[13..<13 + ChangePosition.size])), state <= 2 else {
            return nil
        }
        if state > 0 { committed = CommittedState(position: position, isComplete: state == 2) }
        nextSegment = LittleEndian.read(bytes, 13 + ChangePosition.size, 8)
        let count = LittleEndian.read(bytes, Self.headerSize - 4, 4)
        var offset = Self.headerSize
        for _ in 0..<count {
            guard end - offset >= 12 else { return nil }
            let segment = LittleEndian.read(bytes, offset, 8)
            let articles = Int(LittleEndian.read(bytes, offset + 8, 4))
            let words = (articles + 63) / 64
            offset += 12
            guard end - offset >= 8 * words else { return nil }
            let bits = (0..<words).map { LittleEndian.read(bytes, offset + 8 * $0, 8) }
            guard let dead = BitSet(count: articles, words: bits) else { return nil }
            offset += 8 * words
            entries.append(Entry(segment: segment, dead: dead))
        }
        guard offset == end else { return nil }
    }

    /// Replaces the manifest on disk.
    func save(_ path: String, in directory: String) throws(IndexError) {
        var bytes = Self.magic
        LittleEndian.append(Self.version, 4, to: &bytes)
        bytes.append(committed.map { $0.isComplete ? 2 : 1 } ?? 0)
        bytes += committed?.position.bytes ?? [UInt8](repeating: 0, count: ChangePosition.size)
        LittleEndian.append(nextSegment, 8, to: &bytes)
        LittleEndian.append(UInt64(entries.count), 4, to: &bytes)
        for entry in entries {
            LittleEndian.append(entry.segment, 8, to: &bytes)
            LittleEndian.append(UInt64(entry.dead.count), 4, to: &bytes)
            for word in entry.dead.words { LittleEndian.append(word, 8, to: &bytes) }
        }
        LittleEndian.append(UInt64(CRC32C.checksum(bytes)), 4, to: &bytes)
        let draft = path + ".new"
        let file = try IndexFile.create(draft)
        try file.write(bytes, at: 0)
        try file.sync()
        guard unsafe rename(draft, path) == 0 else { throw IndexFile.failure("replace", path) }
        try IndexFile.syncDirectory(directory)
    }
}

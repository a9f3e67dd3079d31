// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing

/// An article as the index has it.
struct SketchedArticle: Sendable, Equatable {
    var id: ArticleID
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var time: Int64
    var signature: Signature
}

/// How a segment's file is laid out: a header, then three sections without gaps. All are written once.
///
/// - *Header*, 64 bytes: magic (8), the number of articles (4), the CRC-32C of each section (3 times 4), and that of the
///   header so far (4).
/// - *Ids*: 16 bytes each, big-endian, ascending. An article's place here is its number in the segment.
/// - *Articles*: time (8) and signature (256) of each.
/// - *Bands*: key (4) and number (4) of each band of each article, ascending by key and then by number.
struct SegmentLayout {
    static let magic = Array("ARTDDUP1".utf8)
    static let headerSize = 64
    static let checkedHeader = 24
    static let idSize = 16
    static let articleSize = 8 + Signature.size
    static let bandSize = 8

    let articles: Int

    var ids: Int { Self.headerSize }
    var details: Int { ids + articles * Self.idSize }
    var bands: Int { details + articles * Self.articleSize }
    var bandCount: Int { articles * Signature.bands }
    var size: Int { bands + bandCount * Self.bandSize }
}

/// Some of the index's articles, in a file that never changes.
final class Segment: Sendable {
    /// The most articles with one band that are looked at. A text that so many share is found by its other bands, too.
    static let maxPerBand = 1024
    private static let idsPerFence = 256
    private static let bandsPerFence = 512

    let number: UInt64
    let count: Int
    private let layout: SegmentLayout
    private let file: IndexFile
    /// The first id of each block of ids.
    private let idFences: [ArticleID]
    /// The first key of each block of bands.
    private let bandFences: [UInt32]

    /// The size of the file.
    var bytes: Int { layout.size }

    /// Opens a segment, and compares all of it with its checksums.
    ///
    /// - Throws: `damaged` if it is missing, or not what it was.
    init(_ path: String, number: UInt64) throws(IndexError) {
        guard let file = try IndexFile.open(path) else {
            throw IndexError(kind: .damaged, message: "\(path) has disappeared")
        }
        let header = try file.read(at: 0, count: SegmentLayout.headerSize)
        guard header.starts(with: SegmentLayout.magic) else { throw IndexFile.damaged(path, "it is no segment") }
        let checked = CRC32C.checksum(Array(header[..<SegmentLayout.checkedHeader]))
        guard LittleEndian.read(header, SegmentLayout.checkedHeader, 4) == UInt64(checked) else {
            throw IndexFile.damaged(path, "the checksum of its header does not match")
        }
        let layout = SegmentLayout(articles: Int(LittleEndian.read(header, 8, 4)))
        guard try file.size() == layout.size else { throw IndexFile.damaged(path, "it has another size") }
        var ids: [ArticleID] = []
        try Self.verify(file, layout.ids, layout.details, header, 12, Self.idsPerFence * SegmentLayout.idSize) {
            ids.append(Self.id($0, 0))
        }
        try Self.verify(file, layout.details, layout.bands, header, 16, 1 << 17) { _ in }
        var keys: [UInt32] = []
        try Self.verify(file, layout.bands, layout.size, header, 20, Self.bandsPerFence * SegmentLayout.bandSize) {
            keys.append(UInt32(LittleEndian.read($0, 0, 4)))
        }
        (self.file, self.layout, self.number, count) = (file, layout, number, layout.articles)
        (idFences, bandFences) = (ids, keys)
    }

    /// Reads a section in blocks.
    private static func verify(
        _ file: IndexFile, _ start: Int, _ end: Int, _ header: [UInt8], _ place: Int, _ block: Int,
        _ body: ([UInt8]) -> Void
    ) throws(IndexError) {
        var checksum: UInt32 = 0
        var offset = start
        while offset < end {
            let bytes = try file.read(at: offset, count: min(block, end - offset))
            checksum = CRC32C.checksum(bytes.rawSpan, continuing: checksum)
            body(bytes)
            offset += bytes.count
        }
        guard LittleEndian.read(header, place, 4) == UInt64(checksum) else {
            throw IndexFile.damaged(file.path, "its checksum does not match")
        }
    }

    private static func id(_ bytes: [UInt8], _ offset: Int) -> ArticleID {
        ArticleID(
            high: LittleEndian.read(bytes, offset, 8).byteSwapped,
            low: LittleEndian.read(bytes, offset + 8, 8).byteSwapped)
    }

    /// The number of the article with this id, if it is there.
    func find(_ id: ArticleID) throws(IndexError) -> Int? {
        guard let first = idFences.first, first <= id else { return nil }
        let block = Self.lastIndex(idFences.count) { idFences[$0] <= id }
        let start = block * Self.idsPerFence
        let bytes = try file.read(
            at: layout.ids + start * SegmentLayout.idSize,
            count: min(Self.idsPerFence, count - start) * SegmentLayout.idSize)
        let entries = bytes.count / SegmentLayout.idSize
        let place = Self.lastIndex(entries) { Self.id(bytes, $0 * SegmentLayout.idSize) <= id }
        return Self.id(bytes, place * SegmentLayout.idSize) == id ? start + place : nil
    }

    /// The last index for which a condition holds that holds for the first ones only; 0 if it holds for none.
    private static func lastIndex(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if holds(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// The ids from one number on.
    func ids(from start: Int, count: Int) throws(IndexError) -> [ArticleID] {
        let bytes = try file.read(
            at: layout.ids + start * SegmentLayout.idSize, count: count * SegmentLayout.idSize)
        return (0..<count).map { Self.id(bytes, $0 * SegmentLayout.idSize) }
    }

    /// The articles from one number on.
    func articles(from start: Int, count: Int) throws(IndexError) -> [SketchedArticle] {
        let ids = try ids(from: start, count: count)
        let size = SegmentLayout.articleSize
        let bytes = try file.read(at: layout.details + start * size, count: count * size)
        return try ids.indices.map { (index) throws(IndexError) in
            guard let signature = Signature(bytes[(index * size + 8)..<((index + 1) * size)]) else {
                throw IndexFile.damaged(file.path, "it has a signature of another size")
            }
            return SketchedArticle(
                id: ids[index], time: Int64(bitPattern: LittleEndian.read(bytes, index * size, 8)),
                signature: signature)
        }
    }

    /// The bands from one place on: key and number.
    func bands(from start: Int, count: Int) throws(IndexError) -> [UInt64] {
        let bytes = try file.read(
            at: layout.bands + start * SegmentLayout.bandSize, count: count * SegmentLayout.bandSize)
        return (0..<count).map { entry in
            let place = entry * SegmentLayout.bandSize
            return LittleEndian.read(bytes, place, 4) << 32 | LittleEndian.read(bytes, place + 4, 4)
        }
    }

    /// The number of bands.
    var bandCount: Int { layout.bandCount }

    /// Calls `body` with the number of each article that has a band with this key, up to ``maxPerBand``.
    func forEach(band key: UInt32, _ body: (Int) -> Void) throws(IndexError) {
        guard !bandFences.isEmpty else { return }
        // The key may begin at the end of the block before the first one that begins with it.
        var block = Self.lastIndex(bandFences.count) { bandFences[$0] < key }
        var left = Self.maxPerBand
        while block < bandFences.count, left > 0 {
            let start = block * Self.bandsPerFence
            let bytes = try file.read(
                at: layout.bands + start * SegmentLayout.bandSize,
                count: min(Self.bandsPerFence, bandCount - start) * SegmentLayout.bandSize)
            let entries = bytes.count / SegmentLayout.bandSize
            var entry = Self.lastIndex(entries) {
                UInt32(LittleEndian.read(bytes, $0 * SegmentLayout.bandSize, 4)) < key
            }
            while entry < entries, left > 0 {
                let found = UInt32(LittleEndian.read(bytes, entry * SegmentLayout.bandSize, 4))
                if found > key { return }
                if found == key {
                    let number = Int(LittleEndian.read(bytes, entry * SegmentLayout.bandSize + 4, 4))
                    if number < count { body(number) }
                    left -= 1
                }
                entry += 1
            }
            block += 1
        }
    }
}

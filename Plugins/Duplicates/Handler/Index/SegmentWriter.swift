// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing

/// Writes a segment, one section beside the other, with little memory.
struct SegmentWriter {
    /// One section: bytes wait here until they are worth a write.
    struct Section {
        private static let bufferSize = 1 << 16

        private let file: IndexFile
        private var offset: Int
        private var buffer: [UInt8] = []
        fileprivate private(set) var checksum: UInt32 = 0

        fileprivate init(_ file: IndexFile, at offset: Int) {
            self.file = file
            self.offset = offset
            buffer.reserveCapacity(Self.bufferSize + SegmentLayout.articleSize)
        }

        mutating func write(_ body: (inout [UInt8]) -> Void) throws(IndexError) {
            body(&buffer)
            if buffer.count >= Self.bufferSize { try flush() }
        }

        fileprivate mutating func flush() throws(IndexError) {
            checksum = CRC32C.checksum(buffer.rawSpan, continuing: checksum)
            try file.write(buffer, at: offset)
            offset += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
    }

    private let layout: SegmentLayout
    private let file: IndexFile
    private var ids: Section
    private var details: Section
    private var bands: Section

    /// Creates the file, for this many articles.
    init(_ path: String, articles: Int) throws(IndexError) {
        layout = SegmentLayout(articles: articles)
        file = try IndexFile.create(path)
        ids = Section(file, at: layout.ids)
        details = Section(file, at: layout.details)
        bands = Section(file, at: layout.bands)
    }

    /// Appends an article. They must come in the order of their ids.
    mutating func append(_ article: SketchedArticle) throws(IndexError) {
        try ids.write { $0.append(contentsOf: article.id.bytes) }
        try details.write { bytes in
            LittleEndian.append(UInt64(bitPattern: article.time), 8, to: &bytes)
            article.signature.append(to: &bytes)
        }
    }

    /// Appends a band: its key and an article's number. They must come in ascending order.
    mutating func append(band: UInt64) throws(IndexError) {
        try bands.write { bytes in
            LittleEndian.append(band >> 32, 4, to: &bytes)
            LittleEndian.append(band & 0xffff_ffff, 4, to: &bytes)
        }
    }

    /// Writes what is left, and waits until the file is on disk.
    mutating func finish() throws(IndexError) {
        try ids.flush()
        try details.flush()
        try bands.flush()
        var header = SegmentLayout.magic
        LittleEndian.append(UInt64(layout.articles), 4, to: &header)
        for section in [ids, details, bands] { LittleEndian.append(UInt64(section.checksum), 4, to: &header) }
        LittleEndian.append(UInt64(CRC32C.checksum(header)), 4, to: &header)
        header.append(contentsOf: [UInt8](repeating: 0, count: SegmentLayout.headerSize - header.count))
        try file.write(header, at: 0)
        try file.sync()
    }

    /// Writes a segment of these articles, which must be ordered by their ids.
    static func write(_ articles: [SketchedArticle], to path: String) throws(IndexError) {
        var writer = try SegmentWriter(path, articles: articles.count)
        var bands: [UInt64] = []
        bands.reserveCapacity(articles.count * Signature.bands)
        for (number, article) in articles.enumerated() {
            try writer.append(article)
            for key in article.signature.bandKeys { bands.append(UInt64(key) << 32 | UInt64(number)) }
        }
        bands.sort()
        for band in bands { try writer.append(band: band) }
        try writer.finish()
    }
}

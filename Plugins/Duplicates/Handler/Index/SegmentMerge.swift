// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import IndexFollowing

/// Writes the articles of several segments into one, without those that are gone. It reads each of them once, from the
/// beginning to the end, and keeps four bytes an article in memory.
struct SegmentMerge {
    /// A segment, and which of its articles are gone.
    struct Source {
        let segment: Segment
        let dead: BitSet
    }

    /// Reads entries of one source, a block at a time.
    private struct Cursor<Entry> {
        let count: Int
        let read: (_ start: Int, _ count: Int) throws(IndexError) -> [Entry]
        private var block: [Entry] = []
        private var start = 0
        private(set) var place = -1

        init(count: Int, read: @escaping (Int, Int) throws(IndexError) -> [Entry]) {
            self.count = count
            self.read = read
        }

        /// The next entry; nil after the last one.
        mutating func next() throws(IndexError) -> Entry? {
            place += 1
            guard place < count else { return nil }
            if place - start >= block.count {
                start = place
                block = try read(start, min(256, count - start))
            }
            return block[place - start]
        }
    }

    private let sources: [Source]
    private let isCancelled: () -> Bool

    /// - Parameter isCancelled: ends the merge with `aborted`.
    init(_ sources: [Source], isCancelled: @escaping () -> Bool) {
        self.sources = sources
        self.isCancelled = isCancelled
    }

    /// The number of articles that the merged segment has.
    var articles: Int { sources.reduce(0) { $0 + $1.segment.count - $1.dead.members } }

    func write(to path: String) throws(IndexError) {
        var writer = try SegmentWriter(path, articles: articles)
        var numbers = sources.map { [UInt32](repeating: .max, count: $0.segment.count) }
        try writeArticles(&writer, &numbers)
        try writeBands(&writer, numbers)
        try writer.finish()
    }

    private func check(_ written: Int) throws(IndexError) {
        if written % 4096 == 0, isCancelled() { throw IndexError(kind: .aborted, message: "the index is closed") }
    }

    private func writeArticles(_ writer: inout SegmentWriter, _ numbers: inout [[UInt32]]) throws(IndexError) {
        var cursors = sources.map { source in
            Cursor(count: source.segment.count) { (start, count) throws(IndexError) in
                try source.segment.articles(from: start, count: count)
            }
        }
        func next(_ index: Int) throws(IndexError) -> SketchedArticle? {
            while let article = try cursors[index].next() {
                if !sources[index].dead.contains(cursors[index].place) { return article }
            }
            return nil
        }
        var heads: [SketchedArticle?] = []
        for index in cursors.indices { heads.append(try next(index)) }
        var written: UInt32 = 0
        while let least = Self.least(heads, by: { $0.id < $1.id }), let article = heads[least] {
            try check(Int(written))
            numbers[least][cursors[least].place] = written
            try writer.append(article)
            written += 1
            heads[least] = try next(least)
        }
    }

    private func writeBands(_ writer: inout SegmentWriter, _ numbers: [[UInt32]]) throws(IndexError) {
        var cursors = sources.map { source in
            Cursor(count: source.segment.bandCount) { (start, count) throws(IndexError) in
                try source.segment.bands(from: start, count: count)
            }
        }
        func next(_ index: Int) throws(IndexError) -> UInt64? {
            while let band = try cursors[index].next() {
                let number = Int(band & 0xffff_ffff)
                if number < numbers[index].count, numbers[index][number] != .max {
                    return (band & ~0xffff_ffff) | UInt64(numbers[index][number])
                }
            }
            return nil
        }
        var heads: [UInt64?] = []
        for index in cursors.indices { heads.append(try next(index)) }
        var written = 0
        while let least = Self.least(heads, by: <), let band = heads[least] {
            try check(written)
            try writer.append(band: band)
            written += 1
            heads[least] = try next(least)
        }
    }

    /// Where the least head is; nil if all are at their end.
    private static func least<Entry>(_ heads: [Entry?], by isLess: (Entry, Entry) -> Bool) -> Int? {
        var least: Int?
        for (index, head) in heads.enumerated() {
            guard let head else { continue }
            if let known = least, let other = heads[known], !isLess(head, other) { continue }
            least = index
        }
        return least
    }
}

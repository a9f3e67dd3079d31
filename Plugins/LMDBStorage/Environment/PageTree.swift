// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The pages of one snapshot of an LMDB file, read with read(2). Each page is checked before its contents are used.
///
/// The layout is that of LMDB 0.9 on 64-bit machines (mdb.c: MDB_page, MDB_node, MDB_db). LMDB never changes a page
/// of a snapshot; it writes a copy. So a page that two snapshots share is the same in both, with its whole subtree,
/// and the difference between two snapshots is found without reading the rest.
struct PageTree {
    /// A table: the root of its tree, and the tree's height.
    struct Table: Equatable {
        var height: Int
        var root: UInt64

        static let empty = Table(height: 0, root: .max)

        /// Reads an MDB_db.
        init(_ bytes: ArraySlice<UInt8>) {
            let bytes = Array(bytes)
            let depth: UInt16 = bytes.integer(at: 6)
            self.init(height: Int(depth), root: bytes.integer(at: 40))
        }

        init(height: Int, root: UInt64) {
            self.height = height
            self.root = root
        }
    }

    /// The free list and the main table.
    let tables: [Table]
    /// The number of pages in the file.
    let pages: UInt64

    /// The tree of no snapshot.
    static let empty = PageTree(tables: [.empty, .empty], pages: 0)

    /// The newer of two meta pages.
    init(_ metas: MetaPages, _ path: String) throws(ServiceError) {
        let (first, second) = try metas.pages(path)
        let isSecond = second.transaction > first.transaction
        let bytes = metas.bytes.dropFirst(isSecond ? MetaPage.size : 0).prefix(MetaPage.size)
        let start = bytes.startIndex
        tables = [Table(bytes[start + 40..<start + 88]), Table(bytes[start + 88..<start + 136])]
        pages = isSecond ? second.pages : first.pages
    }

    private init(tables: [Table], pages: UInt64) {
        self.tables = tables
        self.pages = pages
    }

    /// Visits the pages of this snapshot that an earlier one does not have, parents before children.
    ///
    /// - Parameters:
    ///   - read: reads a page of this snapshot, once, and checks it if it can.
    ///   - readBefore: reads a page of the earlier snapshot.
    func forEachNew(
        since before: PageTree, read: (UInt64) throws(ServiceError) -> [UInt8],
        readBefore: (UInt64) throws(ServiceError) -> [UInt8]
    ) throws(ServiceError) {
        for (old, new) in zip(before.tables, tables) {
            var comparison = TableComparison(old: old, new: new, pages: max(pages, before.pages))
            try comparison.run(read: read, readBefore: readBefore)
            for name in comparison.newTables.keys.sorted() {
                guard let table = comparison.newTables[name] else { continue }
                var inner = TableComparison(
                    old: comparison.oldTables[name] ?? .empty, new: table, pages: max(pages, before.pages))
                try inner.run(read: read, readBefore: readBefore)
            }
        }
    }
}

/// Walks the trees of one table in two snapshots, level by level, and skips the subtrees that both share.
private struct TableComparison {
    let old: PageTree.Table
    let new: PageTree.Table
    let pages: UInt64
    private(set) var oldTables: [String: PageTree.Table] = [:]
    private(set) var newTables: [String: PageTree.Table] = [:]

    init(old: PageTree.Table, new: PageTree.Table, pages: UInt64) {
        self.old = old
        self.new = new
        self.pages = pages
    }

    /// What a page refers to.
    private struct Content {
        var children: [UInt64] = []
        /// Overflow pages: runs of pages with one large value each.
        var runs: [(first: UInt64, count: UInt64)] = []
        var tables: [String: PageTree.Table] = [:]
    }

    mutating func run(
        read: (UInt64) throws(ServiceError) -> [UInt8], readBefore: (UInt64) throws(ServiceError) -> [UInt8]
    ) throws(ServiceError) {
        var olds = old.root == .max ? [] : [old.root]
        var news = new.root == .max ? [] : [new.root]
        // No sound tree is higher. A damaged one may claim anything.
        guard old.height <= 64, new.height <= 64 else { throw PageFault.error("a tree has \(new.height) levels") }
        var height = max(old.height, new.height)
        while height > 0, !news.isEmpty {
            if old.height >= height, new.height >= height {
                let shared = Set(olds).intersection(news)
                olds.removeAll { shared.contains($0) }
                news.removeAll { shared.contains($0) }
            }
            let isLeaf = height == 1
            var (below, belowBefore) = (Content(), Content())
            if old.height >= height { try Self.read(&belowBefore, olds, isLeaf: isLeaf, pages, readBefore) }
            if new.height >= height { try Self.read(&below, news, isLeaf: isLeaf, pages, read) }
            if isLeaf {
                let shared = Set(belowBefore.runs.map(\.first))
                for run in below.runs where !shared.contains(run.first) {
                    for page in 0..<run.count { _ = try read(run.first + page) }
                }
                (oldTables, newTables) = (belowBefore.tables, below.tables)
                for name in newTables.keys where oldTables[name] == newTables[name] { newTables[name] = nil }
            }
            if old.height >= height { olds = belowBefore.children }
            if new.height >= height { news = below.children }
            height -= 1
        }
    }

    private static func read(
        _ content: inout Content, _ numbers: [UInt64], isLeaf: Bool, _ pages: UInt64,
        _ read: (UInt64) throws(ServiceError) -> [UInt8]
    ) throws(ServiceError) {
        for number in numbers {
            guard number < pages else { throw PageFault.error("page \(number) is beyond the end") }
            try parse(try read(number), number, isLeaf: isLeaf, pages, &content)
        }
    }

    private static func parse(
        _ page: [UInt8], _ number: UInt64, isLeaf: Bool, _ pages: UInt64, _ content: inout Content
    ) throws(ServiceError) {
        // The page is short if the file was truncated.
        guard page.count >= 512 else { throw PageFault.error("page \(number) is truncated") }
        let stated: UInt64 = page.integer(at: 0)
        let flags: UInt16 = page.integer(at: 10)
        let lower: UInt16 = page.integer(at: 12)
        guard stated == number, flags & 0x0f == (isLeaf ? PageFlag.leaf : PageFlag.branch),
            flags & PageFlag.ofDuplicates == 0, lower >= 16, Int(lower) <= page.count
        else { throw PageFault.error("page \(number) has the wrong number or kind") }
        for index in 0..<(Int(lower) - 16) / 2 {
            let place: UInt16 = page.integer(at: 16 + 2 * index)
            let node = Int(place)
            guard node >= Int(lower), node + 8 <= page.count else {
                throw PageFault.error("page \(number) is truncated")
            }
            let (low, high): (UInt16, UInt16) = (page.integer(at: node), page.integer(at: node + 2))
            let (nodeFlags, keySize): (UInt16, UInt16) = (page.integer(at: node + 4), page.integer(at: node + 6))
            if !isLeaf {
                content.children.append(UInt64(low) | UInt64(high) << 16 | UInt64(nodeFlags) << 32)
                continue
            }
            let size = Int(low) | Int(high) << 16
            let value = node + 8 + Int(keySize)
            if nodeFlags & PageFlag.largeValue != 0 {
                guard value + 8 <= page.count else { throw PageFault.error("page \(number) is truncated") }
                let first: UInt64 = page.integer(at: value)
                // The value follows a page header (mdb.c: OVPAGES).
                let count = UInt64((16 + size - 1) / page.count + 1)
                guard first < pages, count <= pages - first else { throw PageFault.error("page \(number) is damaged") }
                content.runs.append((first, count))
            } else if nodeFlags & PageFlag.table != 0 {
                guard size == 48, value + size <= page.count else {
                    throw PageFault.error("page \(number) is truncated")
                }
                let name = String(decoding: page[node + 8..<value], as: UTF8.self)
                content.tables[name] = PageTree.Table(page[value..<value + size])
            }
        }
    }
}

private enum PageFlag {
    static let branch: UInt16 = 0x01
    static let leaf: UInt16 = 0x02
    /// P_LEAF2 and P_SUBP: none of our tables uses them.
    static let ofDuplicates: UInt16 = 0x60
    static let largeValue: UInt16 = 0x01
    static let table: UInt16 = 0x02
}

/// Why a tree cannot be walked.
enum PageFault {
    static func error(_ reason: String) -> ServiceError { ServiceError(.dataLoss, reason) }
}

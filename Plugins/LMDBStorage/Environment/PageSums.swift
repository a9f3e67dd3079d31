internal import ArticleProtocol
internal import Synchronization

/// A checksum of each page of the LMDB file, in a file beside it: LMDB has none of its own, and a page that is damaged would make
/// articles vanish, or lists wrong, without a word.
///
/// The file has four bytes for each page, little-endian, by the page's number. With each checkpoint the sums of the pages that it
/// has, and the one before had not, are written, before anything refers to it. A page of the checkpoint before is none of them, as
/// long as that one is kept (``SnapshotPin``): so at each moment the sums are right for the version that a start begins with.
final class PageSums: Sendable {
    private static let block = 4096
    private static let perBlock = block / 4

    private let path: String
    private let pageSize: Int
    private let sums: Mutex<[UInt32]>

    /// - Parameter path: of the file with the sums; it need not be there.
    init(_ path: String, pageSize: Int) throws(ServiceError) {
        self.path = path
        self.pageSize = pageSize
        let bytes = try FilePart.readAll(path) ?? []
        sums = Mutex((0..<bytes.count / 4).map { bytes.integer(at: 4 * $0) })
    }

    /// Sums up what a version has, and an earlier one has not, and brings the sums to disk.
    ///
    /// - Parameters:
    ///   - before: the version that the sums are right for; `nil`: none.
    ///   - database: the LMDB file. Both versions are kept.
    func update(
        _ database: any DiskFile, from before: MetaPages?, to metas: MetaPages, _ disk: any Disk
    ) throws(ServiceError) {
        let old = try before.map { metas throws(ServiceError) in try PageTree(metas, database.path) } ?? .empty
        let new = try PageTree(metas, database.path)
        var changed: [(page: Int, sum: UInt32)] = []
        func read(_ page: UInt64) throws(ServiceError) -> [UInt8] {
            try database.read(pageSize, at: Int(clamping: page) * pageSize)
        }
        try new.forEachNew(
            since: old,
            read: { page throws(ServiceError) in
                let bytes = try read(page)
                changed.append((Int(clamping: page), CRC32C.checksum(bytes)))
                return bytes
            }, readBefore: read)
        try write(changed, disk)
    }

    private func write(_ changed: [(page: Int, sum: UInt32)], _ disk: any Disk) throws(ServiceError) {
        let blocks = sums.withLock { sums in
            if let last = changed.map(\.page).max(), last >= sums.count {
                let size = (last / Self.perBlock + 1) * Self.perBlock
                sums += [UInt32](repeating: 0, count: size - sums.count)
            }
            for (page, sum) in changed { sums[page] = sum }
            return Set(changed.map { $0.page / Self.perBlock }).sorted().map { block in
                var bytes = [UInt8](repeating: 0, count: Self.block)
                for index in 0..<Self.perBlock where block * Self.perBlock + index < sums.count {
                    bytes.set(sums[block * Self.perBlock + index], at: 4 * index)
                }
                return (block, bytes)
            }
        }
        let file = try disk.open(path)
        for (block, bytes) in blocks { try file.write(bytes, at: block * Self.block) }
        try file.sync()
    }

    /// Compares all pages of a version, which is kept meanwhile, with their sums.
    ///
    /// - Parameter progress: hears how many pages were compared.
    /// - Returns: what is wrong with the first that differs; `nil`: all are as they were written.
    func fault(
        _ database: any DiskFile, _ metas: MetaPages, progress: (Int) -> Void = { _ in }
    ) throws(ServiceError) -> String? {
        let sums = sums.withLock { $0 }
        var fault: String?
        var count = 0
        do throws(ServiceError) {
            let tree = try PageTree(metas, database.path)
            try tree.forEachNew(
                since: .empty,
                read: { page throws(ServiceError) in
                    let number = Int(clamping: page)
                    let bytes = try database.read(pageSize, at: number &* pageSize)
                    guard number < sums.count, bytes.count == pageSize, CRC32C.checksum(bytes) == sums[number] else {
                        throw PageFault.error("page \(page) of \(database.path) is not as it was written")
                    }
                    count += 1
                    if count % 1024 == 0 { progress(count) }
                    return bytes
                }, readBefore: { _ throws(ServiceError) in [] })
        } catch {
            if error.code != .dataLoss { throw error }
            fault = error.message
        }
        return fault
    }
}

internal import ArticleProtocol
internal import HandlerKit
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

/// Compares the pages of the index with their checksums while the service runs. Any thread that may wait.
struct PageCheck: Sendable {
    private let environment: LMDBEnvironment
    private let checkpointer: Checkpointer
    private let log: PluginLog

    init(_ environment: LMDBEnvironment, _ checkpointer: Checkpointer, _ log: PluginLog) {
        self.environment = environment
        self.checkpointer = checkpointer
        self.log = log
    }

    /// What is found is in the journal and the health when this returns, and nothing is answered any more that the index alone knows.
    ///
    /// - Returns: what is wrong; `nil`: nothing.
    func run() -> String? {
        let found = Mutex<String?>(nil)
        let isDone = Semaphore()
        checkpointer.checkPages { fault in
            found.withLock { $0 = fault }
            isDone.signal()
        }
        isDone.wait()
        let fault = found.withLock { $0 }
        if let fault { environment.damage.report(fault, log) }
        return fault
    }
}

/// Whether the index was found to be damaged while the service runs. From then on nothing is answered that it alone knows: that there
/// is no such article, and lists. Articles that it still finds are checked by their own checksums. The next start makes it anew.
final class IndexDamage: Sendable {
    private let isKnown = Atomic(false)
    private let reason = Mutex<String?>(nil)

    /// Entries of a list do not stand in their order.
    static let outOfOrder = ServiceError(.dataLoss, "the entries of a list are out of order")

    /// What is wrong; `nil`: nothing is known.
    var current: String? { isKnown.load(ordering: .relaxed) ? reason.withLock { $0 } : nil }

    /// It was found: that is in the journal when this returns, once.
    func report(_ found: String, _ log: PluginLog) {
        guard note(found) else { return }
        log.error(
            "the index is damaged: \(found). Lists, and articles that are not found, are answered with DATA_LOSS, and nothing is written: restart the service, which makes the index anew from the articles"
        )
    }

    private func note(_ found: String) -> Bool {
        let isNew = reason.withLock { reason in
            defer { reason = reason ?? found }
            return reason == nil
        }
        isKnown.store(true, ordering: .releasing)
        return isNew
    }

    /// Throws if what only the index knows cannot be told.
    @inline(__always)
    func check(_ path: String) throws(ServiceError) {
        if isKnown.load(ordering: .relaxed) { throw error(path) }
    }

    private func error(_ path: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "the index \(path) is damaged (\(current ?? "")): restart the service, which makes it anew from the articles"
        )
    }
}

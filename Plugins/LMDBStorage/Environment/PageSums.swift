// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// A checksum for each page of the LMDB file, in a file next to it. LMDB has no checksums: without these, a damaged
/// page would make articles vanish or lists wrong, silently.
///
/// The file has four bytes per page, little-endian, indexed by page number. Each checkpoint writes the sums of the
/// pages that are new since the previous one, before anything refers to them. None of these pages belongs to the
/// previous checkpoint while that one is pinned (``SnapshotPin``). So the sums are always right for the snapshot that
/// a start would use.
final class PageSums: Sendable {
    private static let block = 4096
    private static let perBlock = block / 4

    private let path: String
    private let pageSize: Int
    private let sums: Mutex<[UInt32]>

    /// - Parameter path: the file with the sums; it may be missing.
    init(_ path: String, pageSize: Int) throws(ServiceError) {
        self.path = path
        self.pageSize = pageSize
        let bytes = try FilePart.readAll(path) ?? []
        sums = Mutex((0..<bytes.count / 4).map { bytes.integer(at: 4 * $0) })
    }

    /// Computes the sums of the pages that are new since an earlier snapshot, and makes them durable.
    ///
    /// - Parameters:
    ///   - before: the snapshot that the sums are right for; `nil`: none.
    ///   - database: the LMDB file. Both snapshots are pinned.
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

    /// Compares all pages of a pinned snapshot with their sums.
    ///
    /// - Parameter progress: called with the number of pages compared so far. What it throws ends the comparison.
    /// - Returns: what is wrong with the first page that differs; `nil` if all match.
    func fault(
        _ database: any DiskFile, _ metas: MetaPages, progress: (Int) throws(ServiceError) -> Void = { _ in }
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
                        throw PageFault.error("page \(page) of \(database.path) does not match its checksum")
                    }
                    count += 1
                    if count % 1024 == 0 { try progress(count) }
                    return bytes
                }, readBefore: { _ throws(ServiceError) in [] })
        } catch {
            if error.code != .dataLoss { throw error }
            fault = error.message
        }
        return fault
    }
}

/// Compares the index's pages with their checksums while the service runs. For any thread that may block.
struct PageCheck: Sendable {
    private let environment: LMDBEnvironment
    private let checkpointer: Checkpointer
    private let log: PluginLog

    init(_ environment: LMDBEnvironment, _ checkpointer: Checkpointer, _ log: PluginLog) {
        self.environment = environment
        self.checkpointer = checkpointer
        self.log = log
    }

    /// Logs what it finds. From then on, the health reports it, and requests that depend on the index alone are
    /// refused.
    ///
    /// - Parameter stop: throws if the work has to end.
    /// - Returns: what is wrong; `nil` if nothing is.
    func run(_ stop: () throws(ServiceError) -> Void) throws(ServiceError) -> String? {
        let fault = try checkpointer.pageFault(stop)
        if let fault { environment.damage.report(fault, log) }
        return fault
    }
}

/// Whether the index was found damaged while the service runs. If it was, answers that depend on the index alone are
/// refused: "not found", and lists. Articles that are still found have checksums of their own. The next start
/// rebuilds the index.
final class IndexDamage: Sendable {
    private let isKnown = Atomic(false)
    private let reason = Mutex<String?>(nil)

    /// The entries of a list are not in order.
    static let outOfOrder = ServiceError(.dataLoss, "the entries of a list are out of order")

    /// What is wrong; `nil` if no damage is known.
    var current: String? { isKnown.load(ordering: .relaxed) ? reason.withLock { $0 } : nil }

    /// Records the damage, and logs it once.
    func report(_ found: String, _ log: PluginLog) {
        guard note(found) else { return }
        log.error(
            "the index is damaged: \(found). Lists, and requests for articles that are not found, fail with DATA_LOSS, and nothing is written: restart the service, which rebuilds the index from the articles"
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

    /// Throws if answers that depend on the index alone must be refused.
    @inline(__always)
    func check(_ path: String) throws(ServiceError) {
        if isKnown.load(ordering: .relaxed) { throw error(path) }
    }

    private func error(_ path: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "the index \(path) is damaged (\(current ?? "")): restart the service, which rebuilds it from the articles"
        )
    }
}

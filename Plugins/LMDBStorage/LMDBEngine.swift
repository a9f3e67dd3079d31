// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Stores articles in a heap file that is indexed by LMDB. Reads come straight from the memory map; writes are
/// grouped, and one sync of a redo log makes a group durable.
final class LMDBEngine: ServingEngine {
    static let descriptor = PluginDescriptor(name: "lmdb-storage", version: "1.0.0", methods: methods)

    private let limits: EngineLimits
    private let directory: DataDirectory
    private let lock: DirectoryLock
    private let environment: LMDBEnvironment
    private let readers: ThreadReaders
    private let queue: WriteQueue
    private let committer: Committer
    private let failure: LogFailure
    private let checkpointer: Checkpointer
    private let threads: [Thread]
    private let log: PluginLog
    private let lastCheck: LastCheck
    let maintenance: Maintenance
    private let isStopped = Atomic(false)

    convenience init(context: PluginContext) throws {
        let (limits, settings) = try EngineLimits.read(context.configuration)
        try self.init(
            limits, directory: settings.directory ?? context.stateDirectory, log: context.log,
            acceptsLoss: context.acceptsLoss, progress: context.progress)
    }

    static func check(_ configuration: PluginConfiguration) throws {
        _ = try EngineLimits.read(configuration)
    }

    init(
        _ limits: EngineLimits, directory path: String, log: PluginLog = .none, disk: any Disk = SystemDisk(),
        acceptsLoss: Bool = false, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ServiceError) {
        self.limits = limits
        directory = try DataDirectory(path)
        lock = try DirectoryLock(path)
        let opened = try StorageStart(
            directory: directory, limits: limits, disk: disk, acceptsLoss: acceptsLoss,
            progress: StartProgress(progress), announce: { log.warning("given up: \($0)") }
        ).open()
        opened.report.write(to: log, directory)
        environment = opened.environment
        queue = WriteQueue(writes: limits.queueWrites, bytes: limits.queueBytes)
        failure = LogFailure(log)
        do throws(ServiceError) {
            environment.horizon.begin(at: try environment.heapContents().sequence)
            let sync = try LogSync(queue, opened, directory, disk, failure)
            committer = Committer(queue, environment, sync, failure, limits, log)
            environment.publishCommit()
            readers = try ThreadReaders(environment)
            let scheduler = try CheckpointScheduler(opened, readers, disk, failure, limits)
            checkpointer = scheduler.checkpointer
            threads = try Self.start(committer, sync, scheduler)
        } catch {
            opened.pin.release()
            environment.close()
            throw error
        }
        self.log = log
        lastCheck = LastCheck(directory)
        maintenance = Maintenance(
            directory, limits, environment, readers, PageCheck(environment, checkpointer, log), lastCheck, log,
            commitPending: committer.commitPending)
    }

    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        let isFound = try readers.read { reader throws(ServiceError) in
            try reader.latest(id) { record throws(ServiceError) in record.lend(body) } != nil
        }
        return isFound ? .found : try missing()
    }

    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        if key.isEmpty { return .missing }
        let isFound = try readers.read { reader throws(ServiceError) in
            try unsafe key.withUnsafeBytes { key throws(ServiceError) in
                try unsafe reader.latest(key: key) { record throws(ServiceError) in record.lend(body) } != nil
            }
        }
        return isFound ? .found : try missing()
    }

    /// A record that a damaged index does not know may be there all the same.
    private func missing() throws(ServiceError) -> Lent {
        try environment.damage.check(environment.path)
        return .missing
    }

    /// Reports index damage found by `body`.
    private func reportingDamage<Result>(
        _ body: () throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        do throws(ServiceError) {
            return try body()
        } catch {
            guard error.code == .dataLoss else { throw error }
            environment.damage.report(error.message, log)
            try environment.damage.check(environment.path)
            throw error
        }
    }

    /// When this returns, everything acknowledged before is in the tables. Blocks.
    func commitPending() { committer.commitPending() }

    func prefetch(id: ArticleID) { readers.current?.prefetch(id) }

    func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent {
        try environment.damage.check(environment.path)
        committer.noteReader()
        try reportingDamage { () throws(ServiceError) in
            try readers.read { reader throws(ServiceError) in try Scan(query: query, reader: reader).forEach(visit) }
        }
        return .found
    }

    /// Does not wait for a commit, nor hurry one: the changes that are not in the tables yet come with the next call.
    func lend(
        _ query: ChangeQuery, _ visit: (borrowing StoredChange) -> Bool
    ) throws(ServiceError) -> ChangeProgress? {
        try environment.damage.check(environment.path)
        return try reportingDamage { () throws(ServiceError) in
            try readers.read { reader throws(ServiceError) in
                try ChangeScan(query: query, reader: reader, failure: failure.current).run(visit)
            }
        }
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { environment.horizon.watch(notify) }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        let pending = PendingWrite(write, completion)
        do throws(ServiceError) {
            if let fault = pending.fault { throw fault }
            if environment.damage.current != nil {
                throw ServiceError(
                    .unavailable,
                    "the index is damaged, and nothing can be written until it is rebuilt: restart the service")
            }
            try queue.add(pending)
        } catch {
            completion(WriteResult(.refused(error), id: pending.namedID))
        }
    }

    func statistics() throws(ServiceError) -> StorageStatistics {
        let progress = committer.progress
        return try readers.read { reader throws(ServiceError) in
            // In this order: what is committed in between is in the tables.
            let open = environment.recent.transaction
            try reader.refresh()
            let records = try reader.statistics(environment.records)
            let tables = try environment.allTables.map { table throws(ServiceError) in
                try reader.statistics(table).usedBytes
            }
            let totals =
                open > reader.version
                ? environment.recent.totals
                : RecentWrites.Totals(records: records.ms_entries, used: try reader.space().used)
            return StorageStatistics(
                records: UInt64(clamping: totals.records),
                usedBytes: tables.reduce(0, +) + UInt64(clamping: totals.used),
                fileBytes: try directory.usedDisk(), transactions: progress.transactions, writes: progress.writes,
                scrub: lastCheck.statistics, backupEndedAt: maintenance.lastBackup.endedAt)
        }
    }

    var health: Health {
        if let damage = environment.damage.current {
            return Health(.unhealthy, "the index is damaged, and will be rebuilt at the next start: \(damage)")
        }
        do throws(ServiceError) {
            try environment.checkLinks(nil)
        } catch {
            return Health(.unhealthy, error.message)
        }
        if let trouble = committer.progress.trouble { return Health(.unhealthy, trouble.message) }
        let space = DiskSpace.health(of: directory.path)
        return space.state == .healthy ? lastCheck.health : space
    }

    /// Starts the writing threads, in the order in which they end.
    private static func start(
        _ committer: Committer, _ sync: LogSync, _ scheduler: CheckpointScheduler
    ) throws(ServiceError) -> [Thread] {
        let checkpointer = scheduler.checkpointer
        let syncing = try Thread(starting: "log-sync") { sync.run() }
        let checking: Thread
        do throws(ServiceError) {
            checking = try Thread(starting: "checkpoint") { checkpointer.run() }
        } catch {
            sync.close()
            syncing.join()
            throw error
        }
        do throws(ServiceError) {
            return [try Thread(starting: "commit") { committer.run(scheduler) }, syncing, checking]
        } catch {
            sync.close()
            syncing.join()
            checkpointer.close()
            checking.join()
            throw error
        }
    }

    func drain() { maintenance.drain() }

    /// Makes pending writes durable, and closes. Later writes are refused.
    func stop() {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        maintenance.close()
        queue.close()
        for thread in threads { thread.join() }
        if readers.close() {
            environment.close()
            lock.release()
        } else {
            log.warning("\(environment.path) was not closed, because it was still being read")
        }
    }
}

extension MDB_stat {
    /// The size of a table's pages.
    var usedBytes: UInt64 {
        UInt64(ms_psize) * UInt64(ms_branch_pages + ms_leaf_pages + ms_overflow_pages)
    }
}

/// The engine's own methods, for administrators.
extension LMDBEngine {
    static let methods = [
        Method(
            "storage.verify", request: VerifyRequest.name, response: VerifyProgress.name, role: .administer,
            flags: [.streamResponse, .idempotent]),
        Method(
            "storage.backup", request: BackupRequest.name, response: BackupProgress.name, role: .administer,
            flags: [.streamResponse, .idempotent]),
    ]

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch call.method {
        case 0: try await maintenance.verification(VerifyRequest(decoding: call.payload)).watch(call, responder)
        case 1: try await maintenance.backup(BackupRequest(decoding: call.payload)).watch(call, responder)
        default: throw ServiceError(.unimplemented, "the storage has no such method")
        }
    }
}

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportEngine(LMDBEngine.self) }

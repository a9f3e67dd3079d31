internal import ArticleProtocol
internal import CLMDB
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// Articles in a file, found through tables of LMDB: reads straight from the map, writes in groups, each on disk with the sync of a
/// redo log.
final class LMDBEngine: ServingEngine {
    static let descriptor = PluginDescriptor(name: "lmdb-storage", version: "1.0.0", methods: methods)

    private let limits: EngineLimits
    private let directory: DataDirectory
    private let lock: DirectoryLock
    private let environment: Environment
    private let readers: ThreadReaders
    private let queue: WriteQueue
    private let committer: Committer
    private let threads: [WriterThread]
    private let log: PluginLog
    private let lastCheck: LastCheck
    let care: Care
    private let isStopped = Atomic(false)

    convenience init(context: PluginContext) throws {
        let (limits, settings) = try EngineLimits.read(context.configuration)
        try self.init(limits, directory: settings.directory ?? context.stateDirectory, log: context.log)
    }

    static func check(_ configuration: PluginConfiguration) throws {
        _ = try EngineLimits.read(configuration)
    }

    /// All of it is fixed at the start: says so, if anything is new.
    func reload(_ configuration: PluginConfiguration) throws {
        let (limits, settings) = try EngineLimits.read(configuration)
        if limits != self.limits || settings.directory ?? directory.path != directory.path {
            log.warning("its new configuration takes effect at the next start")
        }
    }

    init(
        _ limits: EngineLimits, directory path: String, log: PluginLog = .none, disk: any Disk = SystemDisk()
    ) throws(ServiceError) {
        self.limits = limits
        directory = try DataDirectory(path)
        lock = try DirectoryLock(path)
        let opened = try LogStart(directory: directory, limits: limits, disk: disk).open()
        if let replayed = opened.replayed {
            log.notice("\(directory.database) was not closed: \(replayed) changes were taken from its log")
        }
        environment = opened.environment
        queue = WriteQueue(writes: limits.queueWrites, bytes: limits.queueBytes)
        let failure = LogFailure()
        let sync = LogSync(queue, environment, disk, failure)
        let committer = Committer(queue, environment, sync, failure, limits, log)
        self.committer = committer
        do throws(ServiceError) {
            environment.noteCommit()
            readers = try ThreadReaders(environment)
            threads = try Self.start(committer, sync, LogKeeper(opened, readers, disk, failure, limits))
        } catch {
            opened.pin.release()
            environment.close()
            throw error
        }
        self.log = log
        lastCheck = LastCheck(directory)
        care = Care(directory, limits, environment, readers, lastCheck, log, settle: committer.settle)
    }

    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        try readers.read { reader throws(ServiceError) in
            try reader.latest(id) { record throws(ServiceError) in record.lend(lend) } != nil
        }
    }

    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool {
        if key.isEmpty { return false }
        return try readers.read { reader throws(ServiceError) in
            try unsafe key.withUnsafeBytes { key throws(ServiceError) in
                try unsafe reader.latest(key: key) { record throws(ServiceError) in record.lend(lend) } != nil
            }
        }
    }

    func expect(id: ArticleID) { readers.current?.expect(id) }

    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {
        committer.settle()
        try readers.read { reader throws(ServiceError) in try Scan(query: query, reader: reader).forEach(visit) }
    }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        let pending = PendingWrite(write, completion)
        do throws(ServiceError) {
            if let fault = pending.fault { throw fault }
            try queue.add(pending)
        } catch {
            completion(WriteResult(.refused(error), id: pending.namedID))
        }
    }

    func statistics() throws(ServiceError) -> StorageStatistics {
        let progress = committer.progress
        committer.settle()
        return try readers.read { reader throws(ServiceError) in
            let records = try reader.statistics(environment.records)
            let index = try reader.statistics(environment.index)
            return StorageStatistics(
                records: UInt64(records.ms_entries),
                usedBytes: records.usedBytes + index.usedBytes + UInt64(try reader.space().used),
                fileBytes: try directory.usedDisk(), transactions: progress.transactions, writes: progress.writes,
                scrub: lastCheck.statistics)
        }
    }

    var health: Health {
        if let trouble = committer.progress.trouble { return Health(.unhealthy, trouble.message) }
        let space = DiskSpace.health(of: directory.path)
        return space.state == .healthy ? lastCheck.health : space
    }

    /// The threads that write, in the order in which they end.
    private static func start(
        _ committer: Committer, _ sync: LogSync, _ keeper: LogKeeper
    ) throws(ServiceError) -> [WriterThread] {
        let checkpointer = keeper.checkpointer
        let syncing = try WriterThread("log-sync") { sync.run() }
        let checking: WriterThread
        do throws(ServiceError) {
            checking = try WriterThread("checkpoint") { checkpointer.run() }
        } catch {
            sync.close()
            syncing.join()
            throw error
        }
        do throws(ServiceError) {
            return [try WriterThread("commit") { committer.run(keeper) }, syncing, checking]
        } catch {
            sync.close()
            syncing.join()
            checkpointer.close()
            checking.join()
            throw error
        }
    }

    func drain() { care.drain() }

    /// Brings what waits to disk, and closes. What comes later is refused.
    func stop() {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        care.close()
        queue.close()
        for thread in threads { thread.join() }
        if readers.close() {
            environment.close()
            lock.release()
        } else {
            log.warning("\(environment.path) was still being read when it was to be closed")
        }
    }
}

extension MDB_stat {
    /// What the pages of a table take.
    var usedBytes: UInt64 {
        UInt64(ms_psize) * UInt64(ms_branch_pages + ms_leaf_pages + ms_overflow_pages)
    }
}

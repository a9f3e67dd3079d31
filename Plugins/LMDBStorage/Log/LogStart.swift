internal import ArticleProtocol
internal import Glibc

/// Opens the database with its log, in whatever state the last end left them: cleanly stopped, killed, without power, or
/// in the middle of a start. The directory is locked.
///
/// The mark in the database (``FileMark``) says whether it is complete, and if not, with which log. The log (``LogHeader``)
/// says whether anything is in it that the database may lack. Where they contradict each other, one of them is of another
/// time: nothing is changed then.
struct LogStart {
    let directory: DataDirectory
    let limits: EngineLimits
    let disk: any Disk

    /// Opens, and recovers what is to be recovered.
    func open() throws(ServiceError) -> OpenedStorage {
        let found = try LogHeaders(directory)
        var status = stat()
        let exists = unsafe stat(directory.database, &status) == 0
        if !exists, found.isNeeded(by: nil) { throw found.strange("there is no \(directory.database)") }
        let mark = exists ? try FileMark(of: directory.database, pageSize: Int(getpagesize())) : nil
        if exists, let head = try HeapHead(of: directory.heap), !head.isNew, head.session != mark?.session,
            found.newest(of: head.session) == nil
        {
            throw HeapHead.strange(directory.heap, "it is of another time than \(directory.database)")
        }
        if let mark, !mark.isComplete { return try recover(mark, found) }
        if found.isNeeded(by: mark?.session) {
            throw found.strange("\(directory.database) is an older copy, or another database")
        }
        let environment = try Environment.open(in: directory, limits)
        return try closing(environment) { () throws(ServiceError) in
            try begin(environment, found, index: 0, replayed: nil)
        }
    }

    /// The database is what some moment left of it. Version t of it is whole, whatever was written later: all its pages
    /// are on disk, and were kept from being used again (``SnapshotPin``). So LMDB is made to forget what came later, by
    /// the heads as they were, and all changes since t are made anew. An end in the middle of this changes nothing of it.
    private func recover(_ mark: FileMark, _ found: LogHeaders) throws(ServiceError) -> OpenedStorage {
        guard let (index, header) = found.newest(of: mark.session) else { throw found.missing(directory.database) }
        if found.isNeeded(by: mark.session) || header.number < mark.checkpoint {
            throw found.strange("\(directory.database) is of another time than the log")
        }
        if header.isFormer {
            throw ServiceError(
                .failedPrecondition,
                "\(directory.database) was not closed by the articled that wrote it, which was an older one: start that one once more, and stop it; nothing was changed"
            )
        }
        try restoreHeads(header)
        let environment = try Environment.open(in: directory, limits)
        return try closing(environment) { () throws(ServiceError) in
            try environment.leaveSyncingToLog()
            let pin = try SnapshotPin(environment)
            defer { pin.release() }
            var replay = Replay(environment, from: pin.number)
            let files = [try disk.open(directory.log(0)), try disk.open(directory.log(1))]
            var reader = LogReader(files, environment.heap, from: index, header)
            try replay.run(&reader)
            // Not over the checkpoint that this recovery began with.
            return try begin(environment, found, index: 1 - index, replayed: replay.changes)
        }
    }

    private func restoreHeads(_ header: LogHeader) throws(ServiceError) {
        let path = directory.database
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot write \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system("cannot read \(path)") }
        let now = try MetaPages(descriptor, pageSize: header.pageSize, path).pages(path)
        let then = try header.metas.pages(path)
        guard
            max(now.0.transaction, now.1.transaction) >= max(then.0.transaction, then.1.transaction)
        else {
            throw ServiceError(
                .failedPrecondition,
                "\(path) is an older copy than its log: put the newer one back, or restore a backup made of a stopped service without the log; nothing was changed"
            )
        }
        _ = try DatabaseFile(then.0, then.1, size: Int(status.st_size), path)
        try header.metas.restore(to: descriptor, pageSize: header.pageSize, path)
    }

    /// Makes the database depend on an empty log, of a session of its own. Each step is on disk before the next one; after
    /// each, a start finds its way: with the former mark, the new header is an empty log that nobody needs; with the new
    /// mark, it is the log.
    private func begin(
        _ environment: Environment, _ found: LogHeaders, index: Int, replayed: Int?
    ) throws(ServiceError) -> OpenedStorage {
        try environment.leaveSyncingToLog()
        let files = [try disk.open(directory.log(0)), try disk.open(directory.log(1))]
        for file in files { try RedoLog.fill(file) }
        let log = try RedoLog(files, .new(), generation: found.nextGeneration, index: index)
        let pin = try SnapshotPin(environment)
        do throws(ServiceError) {
            let metas = try MetaPages(environment.descriptor, pageSize: environment.pageSize, environment.path)
            var header = log.header(number: 1, metas, pageSize: environment.pageSize)
            header.isClosed = true
            let rest = [UInt8](repeating: 0, count: LogHeader.space - LogHeader.size)
            try log.file.write(header.encoded() + rest, at: 0)
            try log.file.sync()
            try directory.sync()
            try environment.heap.begin(log.session)
            try environment.sync(disk)
            try FileMark(isComplete: false, session: log.session, checkpoint: 1)
                .write(to: environment.descriptor, pageSize: environment.pageSize, environment.path)
            try environment.sync(disk)
            header.isClosed = false
            try log.file.write(header.encoded(), at: 0)
            try log.file.sync()
        } catch {
            pin.release()
            throw error
        }
        return OpenedStorage(environment: environment, log: log, pin: pin, replayed: replayed)
    }

    private func closing<Result>(
        _ environment: Environment, _ body: () throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        do throws(ServiceError) {
            return try body()
        } catch {
            environment.close()
            throw error
        }
    }
}

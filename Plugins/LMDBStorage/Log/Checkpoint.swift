internal import ArticleProtocol

/// A version of the database that is to be brought to disk, so that the log before it is not needed any more.
struct Checkpoint: Sendable {
    /// Keeps its pages.
    let pin: SnapshotPin
    /// What a recovery from it has to know.
    let header: LogHeader
    /// Which file of the log begins with it.
    let index: Int

    /// The version that is the newest one. On the committer's thread, with no transaction under way.
    init(
        of environment: Environment, number: UInt64, _ log: borrowing RedoLog
    ) throws(ServiceError) {
        let extent = try environment.extent()
        pin = try SnapshotPin(environment)
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        header = log.header(number: number, metas, pageSize: environment.pageSize, extent)
        index = log.index
    }

    /// Brings it to disk: the pages and their sums, before what refers to them. On the checkpointer's thread.
    ///
    /// - Parameters:
    ///   - before: the heads of the checkpoint before, which is still kept.
    ///   - logs: the files of the log, opened for this thread.
    func make(
        _ environment: Environment, _ sums: PageSums, after before: MetaPages, _ logs: [any DiskFile], _ disk: any Disk
    ) throws(ServiceError) {
        try environment.files.sync()
        try sums.update(environment.files.database, from: before, to: header.metas, disk)
        try logs[index].write(header.encoded(), at: 0)
        try logs[index].sync()
        // Whoever finds a greater number here than in a log knows that the log is an older one. It need not be on disk.
        try FileMark(
            session: header.session, generation: header.generation, checkpoint: header.number
        ).write(to: environment.files.database, pageSize: environment.pageSize)
    }
}

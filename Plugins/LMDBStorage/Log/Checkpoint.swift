internal import ArticleProtocol

/// A version of the database that is to be brought to disk, so that the log before it is not needed any more.
struct Checkpoint: Sendable {
    /// Keeps its pages.
    let pin: SnapshotPin
    /// What a recovery from it has to know.
    let header: LogHeader
    /// The file of the log that begins with it.
    let file: any LogFile

    /// The version that is the newest one. On the committer's thread, with no transaction under way.
    init(
        of environment: Environment, number: UInt64, _ log: borrowing RedoLog
    ) throws(ServiceError) {
        pin = try SnapshotPin(environment)
        let metas = try MetaPages(environment.descriptor, pageSize: environment.pageSize, environment.path)
        header = log.header(number: number, metas, pageSize: environment.pageSize)
        file = log.file
    }

    /// Brings it to disk, the pages before what refers to them. From any thread.
    func make(_ environment: Environment, _ disk: any Disk) throws(ServiceError) {
        try environment.sync(disk)
        try file.write(header.encoded(), at: 0)
        try file.sync()
        // Whoever finds a greater number here than in a log knows that the log is an older one. It need not be on disk.
        try FileMark(isComplete: false, session: header.session, checkpoint: header.number)
            .write(to: environment.descriptor, pageSize: environment.pageSize, environment.path)
    }
}

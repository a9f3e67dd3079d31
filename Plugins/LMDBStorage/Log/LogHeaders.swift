internal import ArticleProtocol

/// What the two files of a log begin with, read before anything is opened or made.
struct LogHeaders {
    private let directory: DataDirectory
    private var headers: [(index: Int, header: LogHeader)] = []
    private var damaged: String?

    /// Throws if a newer articled wrote one.
    init(_ directory: DataDirectory) throws(ServiceError) {
        self.directory = directory
        for index in 0..<2 {
            let path = directory.log(index)
            switch try LogHeader.decode(try FilePart.read(path, LogHeader.size, at: 0) ?? [], path) {
            case .nothing: break
            case .header(let header): headers.append((index, header))
            case .damaged: damaged = path
            }
        }
    }

    private var newest: LogHeader? { headers.map(\.header).max(by: LogHeader.isEarlier) }

    /// Of a session that begins now.
    var nextGeneration: UInt64 { (newest?.generation ?? 0) + 1 }

    /// The last checkpoint of a session, and the file that begins with it.
    func newest(of session: LogSession) -> (index: Int, header: LogHeader)? {
        headers.filter { $0.header.session == session }.max { LogHeader.isEarlier($0.header, $1.header) }
    }

    /// Whether something may be in the log that a database with the mark of `session` (`nil`: no mark) does not have.
    func isNeeded(by session: LogSession?) -> Bool {
        if let newest, !newest.isClosed { return newest.session != session }
        // It cannot be known; if the other file has the session, it is known.
        return damaged != nil && !(session.map { newest(of: $0) != nil } ?? false)
    }

    /// Why the log cannot be used with what is there.
    func strange(_ reason: String) -> ServiceError {
        let files = "\(directory.log(0)) and \(directory.log(1))"
        if let damaged {
            return ServiceError(
                .dataLoss,
                "\(damaged) is damaged, and \(reason): keep a copy of the directory; to go on without the changes that only the log has, restore a backup made of a stopped service and move \(files) away. Nothing was changed"
            )
        }
        return ServiceError(
            .failedPrecondition,
            "\(files) hold changes that are not in the database, and \(reason): put the database back that they belong to; or, to go on without those changes, move them away. Nothing was changed"
        )
    }

    /// The database was not closed, and there is no log for it.
    func missing(_ database: String) -> ServiceError {
        if damaged != nil { return strange("\(database) was not closed: it cannot be used without it") }
        return ServiceError(
            .dataLoss,
            "\(database) is not complete without its log, and \(directory.log(0)) and \(directory.log(1)) are missing or of another time: put them back, or restore a backup made of a stopped service. Nothing was changed"
        )
    }
}

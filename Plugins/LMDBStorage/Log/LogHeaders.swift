internal import ArticleProtocol

/// What the two files of a log begin with, read before anything is opened or made.
struct LogHeaders {
    let directory: DataDirectory
    private var headers: [(index: Int, header: LogHeader)] = []
    /// A file whose header cannot be read.
    private(set) var damaged: String?

    /// Throws if a newer articled wrote one.
    init(_ directory: DataDirectory) throws(ServiceError) {
        self.directory = directory
        for index in 0..<2 {
            let path = directory.log(index)
            switch try LogHeader.read(path) {
            case .nothing: break
            case .header(let header): headers.append((index, header))
            case .damaged: damaged = path
            }
        }
    }

    /// Whether there is no trace of a log.
    var isEmpty: Bool { headers.isEmpty && damaged == nil }

    private var newest: LogHeader? { headers.map(\.header).max(by: LogHeader.isEarlier) }

    /// Of a session that begins now.
    func nextGeneration(after other: UInt64) -> UInt64 { max(newest?.generation ?? 0, other) &+ 1 }

    /// The last checkpoint of a session, and the file that begins with it.
    func newest(of session: LogSession) -> (index: Int, header: LogHeader)? {
        headers.filter { $0.header.session == session }.max { LogHeader.isEarlier($0.header, $1.header) }
    }

    /// The newest checkpoint of a session that has begun to write.
    var newestBegun: LogHeader? {
        // The first header of a session is there before anything else of it.
        headers.map(\.header).filter { !($0.isClosed && $0.number == 1) }.max(by: LogHeader.isEarlier)
    }

    /// The log of an earlier articled that was not closed: only that one can read it.
    var unfinishedFormer: LogHeader? { headers.map(\.header).first { $0.isFormer && !$0.isClosed } }
}

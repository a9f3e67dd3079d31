internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import Synchronization

/// A database that is open and whole, with a log that is empty.
struct OpenedStorage {
    let environment: LMDBEnvironment
    let log: RedoLog
    /// Keeps the version that the log begins with.
    let pin: SnapshotPin
    /// The heads of that version.
    let metas: MetaPages
    let sums: PageSums
    /// What there was to do, for the journal.
    var report = StartReport()
}

/// What a start found, and did about it.
struct StartReport {
    /// How many changes the log had, and the index not yet; `nil` if the last end was a clean one.
    var replayed: Int?
    /// Why the index was made anew, and how many articles it has.
    var rebuilt: (reason: String, records: Int)?
    /// Articles that are too damaged to be read; some of them.
    var damaged: [ArticleID] = []
    /// What was given up because the operator said so.
    var givenUp: [String] = []
}

extension StartReport {
    /// Tells people.
    func write(to log: PluginLog, _ directory: DataDirectory) {
        if let rebuilt {
            log.warning(
                "the index \(directory.database) was made anew from the articles, \(rebuilt.records) of them: \(rebuilt.reason)"
            )
        }
        if let replayed {
            log.notice("\(directory.database) was not closed: \(replayed) changes were taken from its log")
        }
        for id in damaged.prefix(20) {
            log.error("the article \(id) is damaged: restore it from a backup, or store it again")
        }
        if damaged.count > 20 { log.error("and \(damaged.count - 20) more articles, at least, are damaged") }
    }
}

/// Tells how far a start is, a few times a second at most: whoever waits for it waits as long as it gets on.
final class StartProgress: Sendable {
    private static let pause: UInt64 = 200_000_000

    private let tell: @Sendable (String) -> Void
    private let last = Atomic<UInt64>(0)

    init(_ tell: @escaping @Sendable (String) -> Void = { _ in }) { self.tell = tell }

    /// It gets on.
    func report(_ status: @autoclosure () -> String) {
        let now = clinux_now()
        guard clinux_elapsed(last.load(ordering: .relaxed), now) >= Self.pause else { return }
        last.store(now, ordering: .relaxed)
        tell(status())
    }
}

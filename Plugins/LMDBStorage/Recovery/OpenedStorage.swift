// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// A storage that is open and complete, with an empty log.
struct OpenedStorage {
    let environment: LMDBEnvironment
    let log: RedoLog
    /// Pins the snapshot that the log begins with.
    let pin: SnapshotPin
    /// The meta pages of that snapshot.
    let metas: MetaPages
    let sums: PageSums
    /// What was done, for the log.
    var report = StartReport()
}

/// What a start found and did.
struct StartReport {
    /// The number of writes replayed from the log; `nil` if the storage was closed cleanly.
    var replayed: Int?
    /// Why the index was rebuilt, and how many articles it has.
    var rebuilt: (reason: String, records: Int)?
    /// Some of the articles that are too damaged to be read.
    var damaged: [ArticleID] = []
    /// The losses that the operator accepted.
    var givenUp: [String] = []
}

extension StartReport {
    /// Logs it.
    func write(to log: PluginLog, _ directory: DataDirectory) {
        if let rebuilt {
            log.warning(
                "the index \(directory.database) was rebuilt from the articles (\(rebuilt.records) of them): \(rebuilt.reason)"
            )
        }
        if let replayed {
            log.notice("\(directory.database) was not closed: \(replayed) writes were replayed from the log")
        }
        for id in damaged.prefix(20) {
            log.error("the article \(id) is damaged: restore it from a backup, or store it again")
        }
        if damaged.count > 20 { log.error("at least \(damaged.count - 20) more articles are damaged") }
    }
}

/// Reports the progress of a start, a few times per second at most. The host waits as long as a start makes progress.
final class StartProgress: Sendable {
    private static let pause: UInt64 = 200_000_000

    private let tell: @Sendable (String) -> Void
    private let last = Atomic<UInt64>(0)

    init(_ tell: @escaping @Sendable (String) -> Void = { _ in }) { self.tell = tell }

    /// Reports progress.
    func report(_ status: @autoclosure () -> String) {
        let now = MonotonicClock.now
        guard MonotonicClock.elapsed(from: last.load(ordering: .relaxed), to: now) >= Self.pause else { return }
        last.store(now, ordering: .relaxed)
        tell(status())
    }
}

internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import Synchronization

/// What the last complete check of all that is stored came to, a verification's or the scrub's. It is kept in a file beside the
/// database, so that a restart neither forgets damage nor begins the wait for the next scrub anew.
///
/// The file is a line of text: when it ended, in milliseconds since 1970, how many records it checked, how many findings it had.
/// It is no part of what is stored: one that cannot be read is as good as none.
final class LastCheck: Sendable {
    struct Outcome: Equatable {
        var endedAt: Int64 = 0
        var records: UInt64 = 0
        var damaged: UInt64 = 0
    }

    private struct State {
        var outcome: Outcome
        var running = 0
    }

    private let path: String
    private let state: Mutex<State>

    init(_ directory: DataDirectory) {
        path = directory.database + "-scrub"
        state = Mutex(State(outcome: Self.read(path) ?? Outcome()))
    }

    var outcome: Outcome { state.withLock { $0.outcome } }

    var statistics: StorageStatistics.Scrub {
        state.withLock { state in
            StorageStatistics.Scrub(
                endedAt: state.outcome.endedAt, records: state.outcome.records, damaged: state.outcome.damaged,
                isRunning: state.running > 0)
        }
    }

    /// Degraded from a check that found something until one that does not.
    var health: Health {
        let outcome = outcome
        guard outcome.damaged > 0 else { return .healthy }
        return Health(
            .degraded,
            "the last check of all that is stored had \(Findings.text(outcome.damaged)): see the journal, or `articlectl verify`"
        )
    }

    /// Makes all checks. What they find is in the journal when it returns.
    func run(_ inspection: Inspection, _ log: PluginLog) throws(ServiceError) {
        state.withLock { $0.running += 1 }
        defer { state.withLock { $0.running -= 1 } }
        try inspection.run()
        let outcome = Outcome(
            endedAt: clinux_wall_clock_ms(), records: inspection.records, damaged: inspection.findings.count)
        let before = state.withLock { state in
            defer { state.outcome = outcome }
            return state.outcome
        }
        inspection.findings.tell(log)
        if outcome.damaged > 0 {
            log.error("\(outcome.records) articles were checked, with \(Findings.text(outcome.damaged)), see above")
        } else if before.damaged > 0 {
            log.notice("\(outcome.records) articles were checked, and the former damage is not there any more")
        } else {
            log.info("\(outcome.records) articles were checked, and all is sound")
        }
        write(outcome, log)
    }

    private func write(_ outcome: Outcome, _ log: PluginLog) {
        let line = "\(outcome.endedAt) \(outcome.records) \(outcome.damaged)\n"
        do throws(ServiceError) {
            let file = try SystemFile(path)
            file.shrink(to: 0)
            try file.write(Array(line.utf8), at: 0)
        } catch {
            log.warning(error.message)
        }
    }

    private static func read(_ path: String) -> Outcome? {
        guard let bytes = try? FilePart.read(path, 80, at: 0) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 3, let endedAt = Int64(words[0]), let records = UInt64(words[1]),
            let damaged = UInt64(words[2])
        else { return nil }
        return Outcome(endedAt: endedAt, records: records, damaged: damaged)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Checks everything stored from time to time, so that damage is found while a backup still has what was damaged.
///
/// It runs slowly, on a thread of its own: it reads a few megabytes per second of the hundreds that a disk delivers.
final class Scrub: Sendable {
    /// Bytes read per second.
    private static let rate = 8 << 20
    /// The greatest share of the time spent working: one part in this many.
    private static let share: UInt64 = 4
    /// In milliseconds. A service that has just started is busy, and one that exits when idle may end first.
    private static let firstDelay: Int64 = 300_000
    /// The longest single wait, in milliseconds: the clock may be set in the meantime.
    private static let longestWait: Int64 = 3_600_000

    private let environment: LMDBEnvironment
    private let readers: ThreadReaders
    private let pages: PageCheck
    private let lastCheck: LastCheck
    private let log: PluginLog
    /// In milliseconds.
    private let interval: Int64
    private let isClosed = Atomic(false)
    private let wakeUp = Semaphore()

    init(
        _ environment: LMDBEnvironment, _ readers: ThreadReaders, _ pages: PageCheck, _ lastCheck: LastCheck,
        _ log: PluginLog, interval: Int64
    ) {
        self.environment = environment
        self.readers = readers
        self.pages = pages
        self.lastCheck = lastCheck
        self.log = log
        self.interval = interval
    }

    /// Runs a check whenever the last one, or the last verification, is old enough. On a thread of its own, until
    /// ``close()``.
    func run() {
        Maintenance.yieldToRequests()
        var next = clinux_wall_clock_ms() + min(Self.firstDelay, interval)
        while true {
            let now = clinux_wall_clock_ms()
            // If the clock was ahead before, that must not delay the next check for ever.
            next = min(next, now + interval)
            let due = max(next, min(lastCheck.outcome.endedAt, now) + interval)
            if now < due {
                if isOver(afterMilliseconds: min(due - now, Self.longestWait)) { return }
                continue
            }
            do throws(ServiceError) {
                try check()
            } catch {
                if isClosed.load(ordering: .relaxed) { return }
                log.warning("the check of everything stored was aborted: \(error.message)")
            }
            next = clinux_wall_clock_ms() + interval
        }
    }

    /// Makes ``run()`` return soon.
    func close() {
        isClosed.store(true, ordering: .relaxed)
        wakeUp.signal()
    }

    private func check() throws(ServiceError) {
        var started = MonotonicClock.now
        let stop = { [self] () throws(ServiceError) in
            if isClosed.load(ordering: .relaxed) { throw ServiceError(.cancelled, "the storage is being closed") }
        }
        let inspection = try Inspection(environment, readers, pages, stop: stop) {
            [self] _, bytes throws(ServiceError) in
            let took = MonotonicClock.elapsed(from: started, to: MonotonicClock.now)
            let pause = max(UInt64(bytes) * 1_000_000_000 / UInt64(Self.rate), (Self.share - 1) &* took)
            _ = isOver(afterMilliseconds: Int64(pause / 1_000_000))
            try stop()
            started = MonotonicClock.now
        }
        try lastCheck.run(inspection, log)
    }

    /// Waits, at most until ``close()``.
    private func isOver(afterMilliseconds milliseconds: Int64) -> Bool {
        wakeUp.wait(nanoseconds: UInt64(clamping: milliseconds) * 1_000_000)
        return isClosed.load(ordering: .relaxed)
    }
}

/// The result of the last complete check, by a verification or the scrub. It is kept in a file next to the index, so
/// that a restart neither forgets damage nor restarts the interval of the scrub.
///
/// The file is a line of text: when the check ended (milliseconds since 1970), how many records it checked, how many
/// findings it had. A file that cannot be read is treated as missing.
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

    /// Degraded from a check with findings until one without.
    var health: Health {
        let outcome = outcome
        guard outcome.damaged > 0 else { return .healthy }
        return Health(
            .degraded,
            "the last check of everything stored had \(Findings.text(outcome.damaged)): see the journal, or `articlectl verify`"
        )
    }

    /// Runs all checks. The findings are logged when this returns.
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
        inspection.findings.write(to: log)
        if outcome.damaged > 0 {
            log.error("\(outcome.records) articles were checked, with \(Findings.text(outcome.damaged)) (see above)")
        } else if before.damaged > 0 {
            log.notice("\(outcome.records) articles were checked, and the earlier damage is gone")
        } else {
            log.info("\(outcome.records) articles were checked, without findings")
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

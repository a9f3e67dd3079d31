internal import ArticleProtocol
internal import CLinux
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Checks all that is stored by itself, from time to time: damage is found while a backup still has what was damaged.
///
/// Slowly, on a thread of its own: a disk has hundreds of megabytes a second, and this takes a few.
final class Scrub: Sendable {
    /// Bytes a second that are read.
    private static let rate = 8 << 20
    /// Of the time, what is spent at work at most: one part in so many.
    private static let share: UInt64 = 4
    /// In milliseconds. A service that was just started has other things to do, and one that ends when idle stays longer.
    private static let firstDelay: Int64 = 300_000
    /// How long one wait is at most, in milliseconds: the clock may be set meanwhile.
    private static let longestWait: Int64 = 3_600_000

    private let environment: Environment
    private let readers: ThreadReaders
    private let pages: PageCheck
    private let lastCheck: LastCheck
    private let log: PluginLog
    /// In milliseconds.
    private let interval: Int64
    private let isClosed = Atomic(false)
    private let wakeUp = Semaphore()

    init(
        _ environment: Environment, _ readers: ThreadReaders, _ pages: PageCheck, _ lastCheck: LastCheck,
        _ log: PluginLog, interval: Int64
    ) {
        self.environment = environment
        self.readers = readers
        self.pages = pages
        self.lastCheck = lastCheck
        self.log = log
        self.interval = interval
    }

    /// Makes a check whenever the last one, a verification's too, is old enough. On a thread of its own, until ``close()``.
    func run() {
        Care.yieldToRequests()
        var next = clinux_wall_clock_ms() + min(Self.firstDelay, interval)
        while true {
            let now = clinux_wall_clock_ms()
            // A clock that was ahead when the last one ended does not put off the next for ever.
            let due = max(next, min(lastCheck.outcome.endedAt, now) + interval)
            if now < due {
                if isOver(afterMilliseconds: min(due - now, Self.longestWait)) { return }
                continue
            }
            do throws(ServiceError) {
                try check()
            } catch {
                if isClosed.load(ordering: .relaxed) { return }
                log.warning("the check of all that is stored ended early: \(error.message)")
            }
            next = clinux_wall_clock_ms() + interval
        }
    }

    /// Lets ``run()`` return soon.
    func close() {
        isClosed.store(true, ordering: .relaxed)
        wakeUp.signal()
    }

    private func check() throws(ServiceError) {
        var started = MonotonicClock.now
        let stop = { [self] () throws(ServiceError) in
            if isClosed.load(ordering: .relaxed) { throw ServiceError(.cancelled, "the storage is being closed") }
        }
        let inspection = try Inspection(environment, readers, checkPages: pages.run, stop: stop) {
            [self] _, bytes throws(ServiceError) in
            let took = MonotonicClock.elapsed(from: started, to: MonotonicClock.now)
            let pause = max(UInt64(bytes) * 1_000_000_000 / UInt64(Self.rate), (Self.share - 1) &* took)
            _ = isOver(afterMilliseconds: Int64(pause / 1_000_000))
            try stop()
            started = MonotonicClock.now
        }
        try lastCheck.run(inspection, log)
    }

    /// Waits so long, or until the end.
    private func isOver(afterMilliseconds milliseconds: Int64) -> Bool {
        wakeUp.wait(nanoseconds: UInt64(clamping: milliseconds) * 1_000_000)
        return isClosed.load(ordering: .relaxed)
    }
}

/// How often a scrub is made: "7 d", "12 h", "off".
enum ScrubInterval {
    static let standard: Int64 = 7 * 86_400_000
    private static let units: [(String, Int64)] = [
        ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let range: ClosedRange<Int64> = 1000...400 * 86_400_000

    enum Reading: Equatable {
        /// In milliseconds; `nil`: never.
        case interval(Int64?)
        case wrong(String)
    }

    static func read(_ text: String) -> Reading {
        if text == "off" { return .interval(nil) }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), let factor = units.first(where: { $0.0 == unit })?.1 else {
            return .wrong(
                "\"\(text)\" is neither \"off\" nor a whole number with one of the units s, min, h, d, such as \"7 d\"")
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows, range.contains(product) else { return .wrong("\"\(text)\" is not from 1 s to 400 d") }
        return .interval(product)
    }
}

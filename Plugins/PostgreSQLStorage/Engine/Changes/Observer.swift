// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import HandlerKit
internal import LinuxRuntime

/// Looks for new changes, of this service and of others, and keeps the figures up to date. For the I/O thread alone.
///
/// A commit is shown to readers of changes when all transactions with lower numbers have ended, which is a moment later. So
/// after a commit, here or, by notification, elsewhere, it is looked again and again until everything is shown. A poll finds
/// what nobody has told of: a service may die between its commit and its notification.
final class Observer {
    /// In nanoseconds.
    private enum Interval {
        static let poll: UInt64 = 1_000_000_000
        /// While nobody watches.
        static let idlePoll: UInt64 = 10_000_000_000
        /// Between two looks while there are changes that cannot be shown.
        static let hidden: (first: UInt64, most: UInt64) = (1_000_000, 200_000_000)
        static let figures: UInt64 = 10_000_000_000
        static let forgetting: UInt64 = 60_000_000_000
    }

    private let link: Link
    private let watchers: ChangeWatchers
    private let figures: Figures
    private let log: PluginLog
    /// In milliseconds.
    private let keepDeletions: Int64

    /// The last change that watchers were told of.
    private var told: Int64 = 0
    private var pause = Interval.hidden.first
    private var nextLook: UInt64 = 0
    private var nextFigures: UInt64 = 0
    private var nextForgetting: UInt64 = 0
    private var mustNotify = false
    private var isLooking = false
    private var isBusy = false

    init(
        _ link: Link, _ watchers: ChangeWatchers, _ figures: Figures, _ log: PluginLog, keepDeletions: Int64
    ) {
        self.link = link
        self.watchers = watchers
        self.figures = figures
        self.log = log
        self.keepDeletions = keepDeletions
    }

    /// This service has committed changes.
    func committed() {
        mustNotify = true
        look()
    }

    /// A connection was made, perhaps to another server, which may lack the last changes: what comes has lower numbers then.
    func connected() {
        told = 0
        look()
    }

    /// There may be changes.
    func look() {
        nextLook = 0
        pause = Interval.hidden.first
    }

    /// When ``step()`` is to be called again. What is under way calls by itself.
    var nextStep: UInt64 {
        guard link.isConnected else { return .max }
        return min(isLooking ? .max : nextLook, isBusy ? .max : min(nextFigures, nextForgetting))
    }

    func step() {
        guard link.isConnected else { return }
        let now = MonotonicClock.now
        if now >= nextLook, !isLooking { askForNews() }
        if now >= nextFigures, !isBusy { askForFigures() }
        if now >= nextForgetting, !isBusy { forget() }
    }

    private func askForNews() {
        isLooking = true
        nextLook = MonotonicClock.after(nanoseconds: watchers.isEmpty ? Interval.idlePoll : Interval.poll)
        if mustNotify {
            mustNotify = false
            // Not in the transaction of the changes: notifications make commits wait for each other.
            link.send([Query(.notify)]) { _ in }
        }
        link.send([Query(.news)]) { [self] answer in
            isLooking = false
            guard case .success(let rows) = answer, let rows = rows.first, rows.count == 1 else { return }
            let (shown, last) = (rows.number(0, 0), rows.number(0, 1))
            if shown > told {
                told = shown
                watchers.tell()
            }
            if last > shown {
                nextLook = min(nextLook, MonotonicClock.after(nanoseconds: pause))
                pause = min(2 * pause, Interval.hidden.most)
            }
        }
    }

    private func askForFigures() {
        isBusy = true
        link.send([Query(.totals)]) { [self] answer in
            isBusy = false
            nextFigures = MonotonicClock.after(nanoseconds: Interval.figures)
            if case .success(let rows) = answer, let rows = rows.first { figures.update(rows) }
        }
    }

    private func forget() {
        isBusy = true
        let time = clinux_wall_clock_ms() - keepDeletions
        link.send([Query(.forget) { $0.add(time) }]) { [self] answer in
            isBusy = false
            nextForgetting = MonotonicClock.after(nanoseconds: Interval.forgetting)
            switch answer {
            case .success(let rows):
                // There may be more.
                if rows.first?.changed ?? 0 > 0 { nextForgetting = MonotonicClock.after(nanoseconds: Interval.poll) }
            case .failure(let error):
                if !error.isDisconnected { log.info("deletions were not forgotten: \(error.message)") }
            }
        }
    }
}

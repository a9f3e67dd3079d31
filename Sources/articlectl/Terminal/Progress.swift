// SPDX-License-Identifier: Apache-2.0
import CLinux
internal import Glibc

/// A line on standard error's terminal that is written over again and again.
struct StatusLine {
    /// A terminal is watching.
    private let shown: Bool
    private var drawn: UInt64
    private var visible = false

    /// - Parameter delay: nanoseconds in which nothing is shown: what is over by then needs no line.
    init(shown: Bool, delay: UInt64 = 0) {
        self.shown = shown
        drawn = delay > 0 ? clinux_now() &+ delay : 0
    }

    /// Shows a line, ten times a second at most.
    ///
    /// - Parameter line: for this many columns; what is longer is cut. Safe for a terminal, see ``Sanitised``.
    mutating func show(_ line: (_ width: Int) -> String) {
        let now = clinux_now()
        guard shown, now >= drawn, now - drawn >= 100_000_000 else { return }
        drawn = now
        visible = true
        // In the last column the cursor would wait at the beginning of the next line.
        let width = max(1, (Terminal.size(STDERR_FILENO)?.columns ?? 80) - 1)
        Complaint.write("\r\u{1b}[K" + line(width).cut(to: width))
    }

    /// Takes the line away before something else is written to the terminal.
    mutating func clear() {
        guard visible else { return }
        visible = false
        drawn = 0
        Complaint.write("\r\u{1b}[K")
    }
}

/// Says on the terminal how far a long command is: count, share, rate, time left.
struct Progress {
    private var line: StatusLine
    private let started = clinux_now()

    /// - Parameter delay: nanoseconds in which nothing is shown.
    init(shown: Bool, delay: UInt64 = 0) { line = StatusLine(shown: shown, delay: delay) }

    /// Seconds since the beginning.
    var elapsed: Double { Double(clinux_elapsed(started, clinux_now())) / 1e9 }

    /// - Parameter fraction: how much of the whole is done, 0 to 1; nil if the whole is not known.
    mutating func show(count: Int, fraction: Double?) {
        let elapsed = elapsed
        line.show { Self.line(count: count, fraction: fraction, elapsed: elapsed, width: $0) }
    }

    /// Takes the line away before something else is written to the terminal.
    mutating func clear() { line.clear() }

    static func line(count: Int, fraction: Double?, elapsed: Double, width: Int) -> String {
        let rate = elapsed > 0 ? Double(count) / elapsed : 0
        var line = Quantity.count(count, "article") + "  \(Quantity.grouped(Int(rate)))/s"
        guard let fraction = fraction.map({ min(1, max(0, $0)) }) else { return line.cut(to: width) }
        let left = fraction > 0 ? elapsed / fraction - elapsed : .infinity
        line += "  \(Int(fraction * 100)) %  \(Quantity.clock(seconds: left)) left"
        let room = min(40, width - line.count - 4)
        guard room >= 10 else { return line.cut(to: width) }
        let filled = Int(Double(room) * fraction)
        return "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: room - filled) + "]  " + line
    }
}

/// Says on the terminal what a long computation is doing: "40 %  learning".
final class StageLine {
    private var line: StatusLine

    init(shown: Bool) { line = StatusLine(shown: shown) }

    func show(_ stage: String, _ fraction: Double) {
        line.show { _ in Sanitised.text("\(Int(fraction * 100)) %  \(stage)") }
    }

    /// Takes the line away before something else is written to the terminal.
    func clear() { line.clear() }
}

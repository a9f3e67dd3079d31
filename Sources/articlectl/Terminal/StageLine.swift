import CLinux

/// A line on the terminal that says what a long computation is at: "learning, with marks  40 %".
final class StageLine {
    private let shown: Bool
    private var drawn: UInt64 = 0
    private var visible = false

    init(shown: Bool) { self.shown = shown }

    func show(_ stage: String, _ fraction: Double) {
        let now = clinux_now()
        guard shown, now - drawn >= 100_000_000 else { return }
        drawn = now
        visible = true
        Complaint.write("\r\u{1b}[K" + Sanitised.text("\(Int(fraction * 100)) %  \(stage)"))
    }

    /// Takes the line away before something else is written to the terminal.
    func clear() {
        guard visible else { return }
        visible = false
        drawn = 0
        Complaint.write("\r\u{1b}[K")
    }
}

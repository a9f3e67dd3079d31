// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What standard output and standard error are connected to.
struct Terminal: Sendable {
    /// Standard output is a terminal: a person reads along.
    let showsOutput: Bool
    /// Standard error is one: progress can be shown.
    let showsErrors: Bool
    /// Columns of standard output's terminal; 80 if it is none.
    let width: Int
    /// The terminal of standard output can move its cursor.
    let movesCursor: Bool
    /// Colours may be used on standard output: it is a terminal, not a dumb one, and NO_COLOR (no-color.org) is not set.
    let colours: Bool

    /// The width that tables and paragraphs are set to; nil: standard output is no terminal, and nothing is cut.
    var tableWidth: Int? { showsOutput ? width : nil }

    /// Of this process.
    static var current: Terminal {
        let output = isatty(STDOUT_FILENO) == 1
        let isPlain = Environment.value("NO_COLOR").map { !$0.isEmpty } ?? false
        let isDumb = ["dumb", nil].contains(Environment.value("TERM"))
        return Terminal(
            showsOutput: output, showsErrors: isatty(STDERR_FILENO) == 1, width: size(STDOUT_FILENO)?.columns ?? 80,
            movesCursor: output && !isDumb, colours: output && !isPlain && !isDumb)
    }

    /// The present size of the terminal: its window may have been resized.
    static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}

/// The environment's variables.
enum Environment {
    static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// Emphasis on a terminal that shows it; elsewhere the text alone.
struct Style: Sendable {
    /// As SGR of ECMA-48 numbers them.
    enum Colour: Int, Sendable {
        case bold = 1
        case faint
        case red = 31
        case green, yellow
        case cyan = 36
    }

    let enabled: Bool

    func bold(_ text: String) -> String { paint(text, .bold) }
    func faint(_ text: String) -> String { paint(text, .faint) }
    func green(_ text: String) -> String { paint(text, .green) }
    func yellow(_ text: String) -> String { paint(text, .yellow) }
    func red(_ text: String) -> String { paint(text, .red) }
    func cyan(_ text: String) -> String { paint(text, .cyan) }

    func paint(_ text: String, _ colour: Colour) -> String {
        enabled && !text.isEmpty ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }
}

internal import Glibc

/// What standard output and standard error are connected to.
struct Terminal: Sendable {
    /// Standard output is a terminal: a person reads along.
    let showsOutput: Bool
    /// Standard error is one: progress can be shown.
    let showsErrors: Bool
    /// Columns of standard output's terminal; 80 if it is none.
    let width: Int
    /// Colours may be used on standard output: it is a terminal, not a dumb one, and NO_COLOR (no-color.org) is not set.
    let colours: Bool

    /// The present process'.
    static var current: Terminal {
        let output = isatty(STDOUT_FILENO) == 1
        let plain = Environment.value("NO_COLOR").map { !$0.isEmpty } ?? false || Environment.value("TERM") == "dumb"
        return Terminal(
            showsOutput: output, showsErrors: isatty(STDERR_FILENO) == 1,
            width: columns(STDOUT_FILENO) ?? 80, colours: output && !plain)
    }

    /// The present width of the terminal, which may have been resized.
    static func columns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
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
    let enabled: Bool

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func faint(_ text: String) -> String { wrapped(text, "2") }
    func green(_ text: String) -> String { wrapped(text, "32") }
    func yellow(_ text: String) -> String { wrapped(text, "33") }
    func red(_ text: String) -> String { wrapped(text, "31") }
    func cyan(_ text: String) -> String { wrapped(text, "36") }

    private func wrapped(_ text: String, _ code: String) -> String {
        enabled && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

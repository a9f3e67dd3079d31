// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The whole terminal, for a view that is drawn again and again: a screen of its own, keys without Enter, no cursor.
/// Whoever enters it must leave it. On one thread.
final class LiveScreen {
    /// What ends a wait.
    enum Event: Equatable {
        case key(UInt8)
        /// The descriptor that was waited for is readable.
        case ready
        case resized
        /// SIGINT, SIGTERM, or the terminal is gone.
        case ended
    }

    private let output: Output
    /// Readable after a signal.
    private let signals: Int32
    /// How the terminal was, if keys can be read from it.
    private let saved: termios?
    private var keysEnded: Bool

    init(_ output: Output) {
        self.output = output
        signals = Signals.catchInterrupts()
        Signals.catchResizes()
        var settings = termios()
        var canRead = isatty(STDIN_FILENO) == 1
        if canRead { canRead = unsafe tcgetattr(STDIN_FILENO, &settings) == 0 }
        saved = canRead ? settings : nil
        keysEnded = !canRead
    }

    func enter() throws(CommandFailure) {
        if var settings = saved {
            // Ctrl-C and Ctrl-Z come as keys, so that the terminal is put right before they do their work.
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        }
        // Another screen, no cursor, no wrapping: what is too long is cut.
        try output.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l")
        try output.flush()
    }

    /// Puts everything back.
    func leave() throws(CommandFailure) {
        if var settings = saved { unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
        try output.write("\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")
        try output.flush()
    }

    /// Stops the process, as Ctrl-Z does, until it is continued.
    func suspend() throws(CommandFailure) {
        try leave()
        Signals.stopProcess()
        try enter()
    }

    var size: (columns: Int, rows: Int) { Terminal.size(STDOUT_FILENO) ?? (80, 24) }

    /// Shows the lines, and nothing else. Lines that there is no room for are left out.
    func draw(_ lines: [String]) throws(CommandFailure) {
        // What is still there is written over: the screen does not flicker.
        let frame = lines.prefix(size.rows).map { $0 + "\u{1b}[K" }.joined(separator: "\r\n")
        try output.write("\u{1b}[H" + frame + "\u{1b}[J")
        try output.flush()
    }

    /// Waits until there is something to do.
    func wait(for descriptor: Int32) -> Event {
        while true {
            var waits = [
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: keysEnded ? -1 : STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&waits, nfds_t(waits.count), -1) >= 0 else {
                if errno == EINTR { continue }
                return .ended
            }
            if waits[0].revents != 0 { Signals.clear(signals) }
            if Signals.isInterrupted { return .ended }
            if Signals.takeResize() { return .resized }
            if waits[2].revents != 0 {
                var key: UInt8 = 0
                let count = unsafe read(STDIN_FILENO, &key, 1)
                if count == 1 { return .key(key) }
                if count == 0 || errno != EINTR { return .ended }
            }
            if waits[1].revents != 0 {
                Signals.clear(descriptor)
                return .ready
            }
        }
    }
}

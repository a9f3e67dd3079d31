// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Standard output, written in large pieces.
///
/// A reader that goes away early (`articlectl list | head`) ends the program as it ends any other: quietly, by SIGPIPE.
final class Output {
    private var buffer: [UInt8] = []
    private let descriptor: Int32
    /// For messages.
    private let name: String
    /// Lines are shown at once to a person, and in pieces of this size to a program.
    private let capacity: Int

    init(descriptor: Int32 = STDOUT_FILENO, name: String = "standard output", isTerminal: Bool) {
        self.descriptor = descriptor
        self.name = name
        capacity = isTerminal ? 0 : 64 << 10
    }

    /// The text as it is: the caller has made it safe for a terminal, see ``Sanitised``.
    func write(_ text: String) throws(CommandFailure) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count > capacity { try flush() }
    }

    func line(_ text: String = "") throws(CommandFailure) { try write(text + "\n") }

    func write(bytes: some Sequence<UInt8>) throws(CommandFailure) {
        buffer.append(contentsOf: bytes)
        if buffer.count > capacity { try flush() }
    }

    /// Hands everything to the system.
    func flush() throws(CommandFailure) {
        var done = 0
        while done < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
            }
            if count >= 0 {
                done += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitForRoom()
            case EPIPE: Signals.endAsBrokenPipe()
            default:
                let reason = SystemText.describing(errno)
                buffer = []
                throw CommandFailure(.io, "\(name): \(reason)")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// For a standard output that somebody made non-blocking.
    private func waitForRoom() {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&poller, 1, -1)
    }
}

/// Standard error: for people.
enum Complaint {
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }  // there is nobody to tell
            bytes = bytes.dropFirst(count)
        }
    }

    /// A message, set to the width of the terminal.
    static func line(_ text: String) {
        write(lines("articlectl: " + Sanitised.text(text, keepingLines: true), indent: 2))
    }

    /// What to do about it, set in by two columns.
    static func hint(_ text: String) { write(lines("  " + Sanitised.text(text), indent: 0)) }

    private static func lines(_ text: String, indent: Int) -> String {
        let width = isatty(STDERR_FILENO) == 1 ? Terminal.size(STDERR_FILENO)?.columns : nil
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let margin = String(line.prefix { $0 == " " })
            let set = Wrapping.hanging(
                String(line.dropFirst(margin.count)), indent: indent, width: width.map { $0 - margin.count })
            return set.map { margin + $0 + "\n" }.joined()
        }.joined()
    }
}

/// Makes text from articles, files and peers safe for a terminal: nothing in it can move the cursor, set the title, colour
/// the screen or reverse the direction of writing.
enum Sanitised {
    /// The text with each control character replaced: ESC by "␛" and so on. Line feeds are kept if asked, tabs become spaces.
    static func text(_ text: some StringProtocol, keepingLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return String(text) }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a where keepingLines: clean.append(scalar)
            case 0x09, 0x0a, 0x0d, 0x0b, 0x0c, 0x85, 0x2028, 0x2029: clean.append(" ")
            // The symbol for the control.
            case 0..<0x20: clean.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{fffd}")
            case 0x7f: clean.append("\u{2421}")
            default: clean.append(isUnsafe(scalar) ? "\u{fffd}" : scalar)
            }
        }
        return String(clean)
    }

    /// C0, DEL, C1, line and paragraph separators, and the marks that embed or override a direction.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}

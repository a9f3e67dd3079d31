// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import CSystemd
internal import Glibc
internal import Synchronization

/// The service's log: one line for each event that a person should know. Any thread.
///
/// Under systemd the fields are fields of the journal. Elsewhere they end the line on stderr.
public enum Log {
    /// The levels of syslog(3).
    public enum Level: Int, Sendable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        /// A plugin's level. Values outside of the range count as the nearest.
        init(pluginLevel: UInt32) {
            self = Level(rawValue: Int(min(max(pluginLevel, 3), 7))) ?? .notice
        }

        /// Its name in the configuration.
        public var name: String { "\(self)" }
    }

    private static let level = Atomic<Int>(Level.info.rawValue)

    /// The least severe level that is written.
    public static var threshold: Level {
        get { Level(rawValue: level.load(ordering: .relaxed)) ?? .info }
        set { level.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Writes one line.
    ///
    /// - Parameter fields: names of `[A-Z][A-Z0-9_]*`, as in systemd.journal-fields(7).
    public static func write(_ level: Level, _ message: String, _ fields: [String: String] = [:]) {
        guard level.rawValue <= threshold.rawValue else { return }
        let record = LogRecord(level: level, message: message, fields: fields)
        if Journal.isConnected, Journal.send(record.journalFields) { return }
        StandardError.write(record.line(at: WallClock.timeOfDay()))
    }

    /// Writes why the process ends, whatever the threshold is.
    ///
    /// It goes to stderr, also under systemd: the journal knows the unit of that stream. For an entry that is sent to
    /// it the journal looks at the process, which may have ended by then. The unit's log would lack the one line that
    /// matters.
    public static func fatal(_ message: String, _ fields: [String: String] = [:]) {
        let record = LogRecord(level: .error, message: message, fields: fields)
        StandardError.write(Journal.isConnected ? record.streamLine : record.line(at: WallClock.timeOfDay()))
    }

    /// Writes a line for the person who runs the program by hand to check something: without a time.
    public static func report(_ message: String) {
        let record = LogRecord(level: .error, message: message, fields: [:])
        StandardError.write(Journal.isConnected ? record.streamLine : record.plainLine)
    }

    /// Something failed.
    public static func error(_ message: String, _ fields: [String: String] = [:]) { write(.error, message, fields) }
    /// Something may fail soon.
    public static func warning(_ message: String, _ fields: [String: String] = [:]) { write(.warning, message, fields) }
    /// Normal, but worth a look.
    public static func notice(_ message: String, _ fields: [String: String] = [:]) { write(.notice, message, fields) }
    /// Normal.
    public static func info(_ message: String, _ fields: [String: String] = [:]) { write(.info, message, fields) }
    /// For finding faults.
    public static func debug(_ message: String, _ fields: [String: String] = [:]) { write(.debug, message, fields) }
}

/// One line of the log, in the format of each place that it may go to.
struct LogRecord {
    /// The most bytes of a message or of a field's value. Peers and plugins contribute to both.
    static let maxBytes = 8192

    let level: Log.Level
    let message: String
    let fields: [String: String]

    /// For people: "21:30:05.017 warning: no space is left PLUGIN=lmdb-storage". Control characters, which could forge
    /// a line or control a terminal, are written as numbers.
    func line(at time: String) -> String { "\(time) \(level.name): \(text)\n" }

    /// For a journal that reads stderr: "<4>no space is left PLUGIN=lmdb-storage", as in sd-daemon(3).
    var streamLine: String { "<\(level.rawValue)>\(text)\n" }

    /// The message alone, with control characters as in `line(at:)`.
    var plainLine: String { "\(text)\n" }

    private var text: String {
        var text = ""
        Self.append(message, to: &text)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            text += " \(name)="
            Self.append(value, to: &text)
        }
        return text
    }

    /// For the journal: "NAME=value" each. Values may have any bytes.
    var journalFields: [String] {
        var all = ["MESSAGE=\(Self.cut(message))", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=articled"]
        for (name, value) in fields where Self.isFieldName(name) { all.append("\(name)=\(Self.cut(value))") }
        return all
    }

    /// Whether the journal accepts the name, and it is not one of ours.
    static func isFieldName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (65...90).contains(first), name.utf8.count <= 64 else { return false }
        guard !["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"].contains(name) else { return false }
        return name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    private static func append(_ text: String, to line: inout String) {
        for scalar in cut(text).unicodeScalars {
            if scalar.properties.generalCategory == .control {
                line += "\\x" + String(scalar.value, radix: 16)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maxBytes else { return text }
        return String(decoding: text.utf8.prefix(maxBytes - 3), as: UTF8.self) + "..."
    }
}

/// The system's journal: sd_journal_sendv(3).
enum Journal {
    /// Whether stderr is connected to the journal, as $JOURNAL_STREAM says: systemd.exec(5).
    static let isConnected: Bool = {
        guard let stream = ProcessEnvironment.text("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }()

    /// Sends one entry.
    ///
    /// - Returns: false if the journal did not accept it.
    static func send(_ fields: [String]) -> Bool {
        let bytes = fields.map { Array($0.utf8) }
        let all = bytes.flatMap { $0 }
        return unsafe all.withUnsafeBytes { memory in
            var offset = 0
            let vectors = unsafe bytes.map { field in
                defer { offset += field.count }
                // sd_journal_sendv reads only; iovec has no form for that.
                let start = unsafe memory.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0 + offset) }
                return unsafe iovec(iov_base: start, iov_len: field.count)
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}

/// stderr, unbuffered.
enum StandardError {
    /// Writes one whole line, so that lines of several threads do not mix. A line that cannot be written is lost.
    static func write(_ line: String) {
        var line = line
        line.withUTF8 { text in
            var rest = UnsafeRawBufferPointer(text)
            while let start = rest.baseAddress, rest.count > 0 {
                let written = unsafe Glibc.write(STDERR_FILENO, start, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}

/// The time of day, for people.
enum WallClock {
    /// "21:30:05.017" in the local time zone.
    static func timeOfDay() -> String {
        let milliseconds = clinux_wall_clock_ms()
        var seconds = time_t(milliseconds / 1000)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "--:--:--.---" }
        return unsafe "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
            + ".\(padded(Int(abs(milliseconds % 1000)), 3))"
    }

    /// "2026-11-30 07:57:47 UTC" of seconds since 1970.
    static func text(of seconds: Int64) -> String {
        var seconds = time_t(seconds)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return "an unknown time" }
        return unsafe "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-"
            + "\(padded(Int(parts.tm_mday), 2)) \(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):"
            + "\(padded(Int(parts.tm_sec), 2)) UTC"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

internal import Synchronization

/// The journal of the service: one line for each event worth a person's time. From any thread.
///
/// Under systemd the fields reach the journal as fields of their own; elsewhere they end the line on stderr.
public enum Log {
    /// How much it matters: the levels of syslog(3).
    public enum Level: Int, Sendable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        /// The level that a plugin gave: what is outside counts as the nearest.
        init(pluginLevel: UInt32) {
            self = Level(rawValue: Int(min(max(pluginLevel, 3), 7))) ?? .notice
        }

        /// As the configuration names it.
        public var name: String { "\(self)" }
    }

    private static let level = Atomic<Int>(Level.info.rawValue)

    /// The least level that is still written.
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

    /// Writes why the process ends at once, whatever the threshold is.
    ///
    /// To stderr, under systemd as well: the journal knows which unit that is. Of an entry that was sent to it it finds out by looking
    /// at the process, which may be gone by then; the unit's journal would lack the one line that matters.
    public static func lastWords(_ message: String, _ fields: [String: String] = [:]) {
        let record = LogRecord(level: .error, message: message, fields: fields)
        StandardError.write(Journal.isConnected ? record.streamLine : record.line(at: WallClock.timeOfDay()))
    }

    /// Something failed.
    public static func error(_ message: String, _ fields: [String: String] = [:]) { write(.error, message, fields) }
    /// Something may fail soon.
    public static func warning(_ message: String, _ fields: [String: String] = [:]) { write(.warning, message, fields) }
    /// Normal, but worth a look.
    public static func notice(_ message: String, _ fields: [String: String] = [:]) { write(.notice, message, fields) }
    /// Normal.
    public static func info(_ message: String, _ fields: [String: String] = [:]) { write(.info, message, fields) }
    /// For whoever looks for a fault.
    public static func debug(_ message: String, _ fields: [String: String] = [:]) { write(.debug, message, fields) }
}

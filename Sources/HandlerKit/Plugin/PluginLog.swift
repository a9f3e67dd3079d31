/// Writes to the journal under the plugin's name. From any thread; one line for each event worth a person's time.
public struct PluginLog: Sendable {
    /// How much it matters: the levels of syslog(3).
    public enum Level: UInt32, Sendable {
        /// Something failed.
        case error = 3
        /// Something may fail soon.
        case warning = 4
        /// Normal, but worth a look.
        case notice = 5
        /// Normal.
        case info = 6
        /// For whoever looks for a fault.
        case debug = 7
    }

    let sink: @Sendable (Level, String) -> Void

    /// A journal of one's own, to try a plugin's type without a host.
    public init(_ sink: @escaping @Sendable (Level, String) -> Void) { self.sink = sink }

    /// Forgets everything.
    public static let none = PluginLog { _, _ in }

    /// Writes one line.
    public func write(_ level: Level, _ message: String) { sink(level, message) }

    /// Something failed.
    public func error(_ message: String) { sink(.error, message) }
    /// Something may fail soon.
    public func warning(_ message: String) { sink(.warning, message) }
    /// Normal, but worth a look.
    public func notice(_ message: String) { sink(.notice, message) }
    /// Normal.
    public func info(_ message: String) { sink(.info, message) }
    /// For whoever looks for a fault.
    public func debug(_ message: String) { sink(.debug, message) }
}

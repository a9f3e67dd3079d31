internal import ArticleProtocol

/// What articled hands to a plugin at its start.
public struct PluginContext: Sendable {
    /// The plugin's section of the configuration.
    public let configuration: PluginConfiguration
    /// The journal.
    public let log: PluginLog
    /// Where a storage engine keeps its files; empty if the host names no place.
    public let stateDirectory: String
    /// The administrator accepts that a storage engine gives up what it cannot bring back (`articled --recover`).
    public let acceptsLoss: Bool
    /// Says that a long start gets on, and with what, for people. From any thread, while `init` runs: the host's limit for a start
    /// counts from the last call.
    public let progress: @Sendable (String) -> Void

    let injectedStorage: (any ArticleStorage)?

    /// The storage that the configuration chose.
    ///
    /// Throws `failedPrecondition` unless the descriptor says `needsStorage`.
    public var storage: any ArticleStorage {
        get throws(ServiceError) {
            guard let injectedStorage else {
                throw ServiceError(
                    .failedPrecondition, "the plugin was given no storage: say needsStorage in its descriptor")
            }
            return injectedStorage
        }
    }

    /// A context made by hand, to try a plugin's type without a host.
    public init(
        configuration: PluginConfiguration = PluginConfiguration(json: Array("{}".utf8)), log: PluginLog = .none,
        stateDirectory: String = "", storage: (any ArticleStorage)? = nil, acceptsLoss: Bool = false,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.log = log
        self.stateDirectory = stateDirectory
        self.injectedStorage = storage
        self.acceptsLoss = acceptsLoss
        self.progress = progress
    }
}

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

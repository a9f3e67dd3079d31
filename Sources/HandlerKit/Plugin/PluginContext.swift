// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// What articled passes to a plugin when it starts.
public struct PluginContext: Sendable {
    /// The plugin's section of the configuration.
    public let configuration: PluginConfiguration
    /// The plugin's log.
    public let log: PluginLog
    /// The directory for the files of a storage engine; an absolute path, or empty if the host has none.
    public let stateDirectory: String
    /// The plugin's own directory, which exists; an absolute path, or empty unless the descriptor has `needsDirectory`.
    public let directory: String
    /// Whether the administrator accepts that a storage engine drops what it cannot recover (`articled --recover`).
    public let acceptsLoss: Bool
    /// Reports progress of a long start, with a text for people. May be called on any thread while `init` runs. The
    /// host's time limit for a start restarts with each call.
    public let progress: @Sendable (String) -> Void

    let injectedStorage: (any ArticleStorage)?
    let tasks: BackgroundTasks
    /// nil in a test of a plugin.
    let host: Host?

    /// The storage that the configuration names. May be used on any thread.
    ///
    /// Throws `failedPrecondition` unless the descriptor has `needsStorage`.
    public var storage: any ArticleStorage {
        get throws(ServiceError) {
            guard let injectedStorage else {
                throw ServiceError(
                    .failedPrecondition, "the plugin was given no storage: set needsStorage in its descriptor")
            }
            return injectedStorage
        }
    }

    /// Runs a piece of work in the background, for as long as it takes, or until the plugin stops.
    ///
    /// `body` runs in a task on the plugin's background threads, where it may block. They start when the service has
    /// started, have a low priority, and use one processor at most, unless `plugins.backgroundThreads` says otherwise. The
    /// task is cancelled when the plugin stops, after ``Handler/stop()``; the service waits for its end, up to its limit.
    ///
    /// If `body` throws, the error is logged, the plugin is degraded, and `body` is called again: after a second, then
    /// after twice as long each time, up to a minute. The plugin recovers when `body` has run for a minute, or returns.
    ///
    /// - Parameters:
    ///   - name: of the work, for the journal and the metrics: "follow". At most 63 bytes.
    ///   - body: what to do. It should check for cancellation while it does not wait.
    /// - Returns: the work, which can be cancelled before the plugin stops.
    @discardableResult
    public func background(_ name: String, _ body: @escaping @Sendable () async throws -> Void) -> BackgroundWork {
        tasks.start(name, body)
    }

    /// Creates a context without a host, to test a plugin. Background work runs on the global executor.
    public init(
        configuration: PluginConfiguration = PluginConfiguration(json: Array("{}".utf8)), log: PluginLog = .none,
        stateDirectory: String = "", directory: String = "", storage: (any ArticleStorage)? = nil,
        acceptsLoss: Bool = false, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.init(
            configuration: configuration, log: log, stateDirectory: stateDirectory, directory: directory,
            storage: storage, acceptsLoss: acceptsLoss, progress: progress, host: nil)
    }

    init(
        configuration: PluginConfiguration, log: PluginLog, stateDirectory: String, directory: String,
        storage: (any ArticleStorage)?, acceptsLoss: Bool, progress: @escaping @Sendable (String) -> Void, host: Host?
    ) {
        self.configuration = configuration
        self.log = log
        self.stateDirectory = stateDirectory
        self.directory = directory
        self.injectedStorage = storage
        self.acceptsLoss = acceptsLoss
        self.progress = progress
        self.host = host
        tasks = BackgroundTasks(host, log)
    }
}

/// The plugin's log: lines in the journal under the plugin's name.
///
/// May be used on any thread. Write one line for each event that is worth a person's time.
public struct PluginLog: Sendable {
    /// Severity, with the numbers of syslog(3).
    public enum Level: UInt32, Sendable {
        /// Something failed.
        case error = 3
        /// Something may fail soon.
        case warning = 4
        /// Normal, but significant.
        case notice = 5
        /// Normal.
        case info = 6
        /// Details for troubleshooting.
        case debug = 7
    }

    let sink: @Sendable (Level, String) -> Void

    /// Creates a log with a destination of its own, to test a plugin.
    ///
    /// - Parameter sink: called with each line, on the thread that writes it.
    public init(_ sink: @escaping @Sendable (Level, String) -> Void) { self.sink = sink }

    /// Discards everything.
    public static let none = PluginLog { _, _ in }

    /// Writes one line.
    public func write(_ level: Level, _ message: String) { sink(level, message) }

    /// Writes a line with the level ``Level/error``.
    public func error(_ message: String) { sink(.error, message) }
    /// Writes a line with the level ``Level/warning``.
    public func warning(_ message: String) { sink(.warning, message) }
    /// Writes a line with the level ``Level/notice``.
    public func notice(_ message: String) { sink(.notice, message) }
    /// Writes a line with the level ``Level/info``.
    public func info(_ message: String) { sink(.info, message) }
    /// Writes a line with the level ``Level/debug``.
    public func debug(_ message: String) { sink(.debug, message) }
}

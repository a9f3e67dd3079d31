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

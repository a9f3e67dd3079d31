internal import ArticleProtocol

/// What articled hands to a plugin at its start.
public struct PluginContext: Sendable {
    /// The plugin's section of the configuration.
    public let configuration: PluginConfiguration
    /// The journal.
    public let log: PluginLog
    /// Where a storage engine keeps its files; empty if the host names no place.
    public let stateDirectory: String

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
        stateDirectory: String = "", storage: (any ArticleStorage)? = nil
    ) {
        self.configuration = configuration
        self.log = log
        self.stateDirectory = stateDirectory
        self.injectedStorage = storage
    }
}

/// What a plugin says of itself before anything of it is called.
public struct PluginDescriptor: Sendable {
    /// `[a-z][a-z0-9-]*`, at most 63 bytes: its section of the configuration, its name in the journal.
    public var name: String
    /// The plugin's own version, for people.
    public var version: String
    /// The methods it answers, in the order in which ``Request/method`` counts them.
    public var methods: [Method]
    /// Whether it cannot do without an ``ArticleStorage``. articled does not start if none is provided then.
    public var needsStorage: Bool

    /// Describes a plugin.
    public init(name: String, version: String, methods: [Method] = [], needsStorage: Bool = false) {
        self.name = name
        self.version = version
        self.methods = methods
        self.needsStorage = needsStorage
    }
}

/// Which plugins there are, and their own sections of the configuration.
public struct PluginSettings: Sendable, Equatable {
    /// Where the libraries are.
    public var directory: String
    /// Names of plugins without which articled does not start.
    public var required: [String]
    /// The storage engine's name; nil for the only one there is.
    public var storage: String?
    /// How long one plugin may take to start.
    public var startTimeoutMilliseconds: Int
    /// Each plugin's section, as JSON, by the plugin's name.
    public var sections: [String: [UInt8]]

    /// - Parameter directory: by default where plugins are if nobody says.
    public init(
        directory: String? = nil, required: [String] = [], storage: String? = nil,
        startTimeoutMilliseconds: Int = 30_000, sections: [String: [UInt8]] = [:]
    ) {
        self.directory = directory ?? PluginDirectory.standard()
        self.required = required
        self.storage = storage
        self.startTimeoutMilliseconds = startTimeoutMilliseconds
        self.sections = sections
    }

    /// A plugin's own section; an empty object if it has none.
    func section(of name: String) -> [UInt8] { sections[name] ?? Array("{}".utf8) }
}

internal import JSONTree

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

extension PluginSettings {
    /// The section `plugins`.
    init(_ section: ConfigurationSection) {
        self.init(directory: section.path("directory"))
        for (index, name) in (section.strings("required") ?? []).enumerated() {
            if DescriptorCheck.isPluginName(name) {
                required.append(name)
            } else {
                section.problem("required[\(index)]", "\"\(name)\" is no plugin's name, which is [a-z][a-z0-9-]*")
            }
        }
        if let name = section.string("storage") {
            storage = name
            if !DescriptorCheck.isPluginName(name) {
                section.problem("storage", "\"\(name)\" is no plugin's name, which is [a-z][a-z0-9-]*")
            }
        }
        if let limit = section.milliseconds("startTimeout", in: 10...3_600_000) {
            startTimeoutMilliseconds = limit
        }
        for (name, value) in section.others {
            switch value {
            case .object where DescriptorCheck.isPluginName(name):
                if value.isFinite {
                    // Only here may credentials be named: what is wrong with other values is told with the value.
                    sections[name] = value.resolving(.own, at: name) { section.problem($0, $1) }.json
                } else {
                    section.problem(name, "NaN or an infinity is in it, which a plugin cannot read")
                }
            case .object: section.problem(name, "no plugin's name, which is [a-z][a-z0-9-]*")
            default:
                section.problem(name, "\(value.kind), where an object belongs: the settings of the plugin \"\(name)\"")
            }
        }
    }
}

extension JSONValue {
    fileprivate var isFinite: Bool {
        switch self {
        case .number(let value): value.isFinite
        case .array(let elements): elements.allSatisfy(\.isFinite)
        case .object(let members): members.values.allSatisfy(\.isFinite)
        case .null, .bool, .integer, .string: true
        }
    }
}

extension PluginSettings {
    /// The keys of the section `plugins`, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey(
            path: "plugins.directory", form: .text, isLive: false,
            meaning: "Where the plugins are. By default lib/articled/plugins beside the bin of the program.",
            text: { $0.plugins.directory }),
        ConfigurationKey(
            path: "plugins.required", form: .texts, isLive: false,
            meaning: "Plugins without which the service does not start.",
            text: { ConfigurationText.list($0.plugins.required) }),
        ConfigurationKey(
            path: "plugins.storage", form: .text, isLive: false,
            meaning: "The plugin that keeps the articles. By default the only one that can.",
            text: { $0.plugins.storage ?? "" }),
        ConfigurationKey(
            path: "plugins.startTimeout", form: .time, isLive: false,
            meaning: "How long one plugin may take to start.",
            text: { ConfigurationText.time($0.plugins.startTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "plugins.NAME", form: .sections, isLive: true,
            meaning: "The own settings of a plugin, which says what there is, and what of it a reload takes.",
            text: { ConfigurationText.sections($0.plugins.sections) }),
    ]
}

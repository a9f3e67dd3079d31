// SPDX-License-Identifier: Apache-2.0
internal import JSONTree

/// The plugins, and their own sections of the configuration.
public struct PluginSettings: Sendable, Equatable {
    /// The directory of the libraries.
    public var directory: String
    /// Names of plugins that must be present.
    public var required: [String]
    /// The name of the storage engine; nil for the only one present.
    public var storage: String?
    /// How long one plugin may take to start.
    public var startTimeoutMilliseconds: Int
    /// How many threads one plugin may have for its background work.
    public var backgroundThreads: Int
    /// Parameters of queries that do not count when URLs are compared: "utm_*". Plugins that use the storage are told of them.
    public var strippedParameters: [String] = []
    /// Each plugin's section, as JSON, by the plugin's name.
    public var sections: [String: [UInt8]]
    /// For people: the settings that have another name now.
    public private(set) var renamed: [String] = []

    /// - Parameter directory: by default the standard directory of plugins.
    public init(
        directory: String? = nil, required: [String] = [], storage: String? = nil,
        startTimeoutMilliseconds: Int = 30_000, backgroundThreads: Int = 1, sections: [String: [UInt8]] = [:]
    ) {
        self.directory = directory ?? PluginDirectory.standard()
        self.required = required
        self.storage = storage
        self.startTimeoutMilliseconds = startTimeoutMilliseconds
        self.backgroundThreads = backgroundThreads
        self.sections = sections
    }

    /// A plugin's own section; an empty object if it has none.
    func section(of name: String) -> [UInt8] { sections[name] ?? Array("{}".utf8) }
}

extension PluginSettings {
    /// The section `plugins`.
    init(_ section: ConfigurationSection) {
        self.init(directory: section.path("directory"))
        for (index, name) in section.strings("required") ?? [] {
            // An element that is wrong leaves an empty name, so that later ones are found at their index.
            required += Array(repeating: "", count: index - required.count)
            if DescriptorCheck.isPluginName(name) {
                required.append(name)
            } else {
                section.problem("required", index, "\"\(name)\" is not a plugin's name: [a-z][a-z0-9-]*")
            }
        }
        if let name = section.string("storage") {
            if DescriptorCheck.isPluginName(name) {
                storage = name
            } else {
                section.problem("storage", "\"\(name)\" is not a plugin's name: [a-z][a-z0-9-]*")
            }
        }
        if let limit = section.milliseconds("startTimeout", in: 10...3_600_000) {
            startTimeoutMilliseconds = limit
        }
        if let count = section.integer("backgroundThreads", in: 1...64) { backgroundThreads = count }
        let (others, renamed) = RenamedSettings.apply(to: section.others)
        self.renamed = renamed
        for (name, value) in others {
            switch value {
            case .members where !DescriptorCheck.isPluginName(name):
                section.problem(name: name, "not a plugin's name: [a-z][a-z0-9-]*")
            case .members where !value.isFinite:
                section.problem(name, "contains NaN or Infinity, which a plugin cannot read")
            case .members:
                // Only plugins' sections may name credentials.
                let resolved = value.resolving(.own, at: JSONPath()) { section.problem(name, $0, $1) }
                sections[name] = Array(resolved.sorted.text.utf8)
            default:
                section.problem(name, "must be an object, the settings of the plugin \"\(name)\", is \(value.kind)")
            }
        }
    }
}

extension PluginSettings {
    /// The keys of the section `plugins`, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("plugins.directory", isLive: false) { $0.plugins.directory },
        ConfigurationKey("plugins.required", isLive: false) { ConfigurationText.list($0.plugins.required) },
        ConfigurationKey("plugins.storage", isLive: false) { $0.plugins.storage ?? "" },
        ConfigurationKey("plugins.startTimeout", isLive: false) {
            ConfigurationText.time($0.plugins.startTimeoutMilliseconds)
        },
        ConfigurationKey("plugins.backgroundThreads", isLive: false) { "\($0.plugins.backgroundThreads)" },
        ConfigurationKey(eachOf: "plugins.NAME") { configuration in
            Dictionary(
                uniqueKeysWithValues: configuration.plugins.sections.map {
                    ("plugins.\($0.key)", String(decoding: $0.value, as: UTF8.self))
                })
        },
    ]
}

/// Settings that have moved. Their old names keep working, so that an upgrade does not stop the service.
private enum RenamedSettings {
    typealias Sections = [(key: String, value: JSON)]

    /// - Returns: the sections with the new names, and a line for each old name that was found.
    static func apply(to sections: Sections) -> (Sections, renamed: [String]) {
        // The classifier follows the storage by itself. Before, `store` marked articles for it.
        guard case .members(let members)? = sections.first(where: { $0.key == "store" })?.value,
            case .bool(let isOn)? = members.last(where: { $0.name == "classify" })?.value
        else { return (sections, []) }
        var moved = sections.filter { $0.key != "store" }
        moved.append(("store", .members(members.filter { $0.name != "classify" })))
        let classify = sections.first { $0.key == "classify" }?.value ?? .members([])
        if case .members(let own) = classify, isOn, !own.contains(where: { $0.name == "newArticles" }) {
            moved.removeAll { $0.key == "classify" }
            moved.append(("classify", .members(own + [JSON.Member(name: "newArticles", value: .bool(true))])))
        }
        return (moved, ["plugins.store.classify is now plugins.classify.newArticles; the old name still works"])
    }
}

internal import JSONTree

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

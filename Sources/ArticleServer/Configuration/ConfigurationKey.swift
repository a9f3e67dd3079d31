/// One key of the configuration: for people who read about it, and to tell what differs between two configurations.
public struct ConfigurationKey: Sendable {
    /// "limits.frame"
    public let path: String
    /// What belongs there.
    public let form: Form
    /// Whether a reload is enough, or a new start is needed.
    public let isLive: Bool
    /// A sentence or two, without a line break.
    public let meaning: String
    /// The value in a configuration, as a person may write it there.
    let text: @Sendable (ServerConfiguration) -> String

    /// Forms of values.
    public enum Form: String, Sendable {
        case flag = "true or false"
        case number = "a whole number"
        case size = "a number of bytes, or such as \"16 MiB\""
        case time = "a number of seconds, or such as \"250 ms\", \"10 s\", \"5 min\", \"1 h\""
        case text = "a string"
        case texts = "an array of strings"
        case accounts = "an array of names or numbers"
        case sections = "an object for each plugin, by its name"
    }

    /// Every key, in the order of the example configuration. Tests hold it against what is read and against that example.
    public static let all = ServerConfiguration.keys + ServiceLimits.keys + AccessPolicy.keys + PluginSettings.keys

    /// What holds without the key.
    public var standard: String { text(ServerConfiguration(owner: 0)) }
}

extension ServerConfiguration {
    /// The keys whose values differ.
    public func differences(to other: ServerConfiguration) -> [ConfigurationKey] {
        ConfigurationKey.all.filter { $0.text(self) != $0.text(other) }
    }
}

/// Values of a configuration as a person may write them.
enum ConfigurationText {
    static func list(_ texts: [String]) -> String { "[\(texts.joined(separator: ", "))]" }

    static func mode(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }

    static func time(_ milliseconds: some BinaryInteger) -> String {
        milliseconds == 0 ? "0" : TimeText.of(nanoseconds: UInt64(clamping: milliseconds) &* 1_000_000)
    }

    static func size(_ bytes: Int) -> String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size) \(unit)"
        }
        return "\(bytes) B"
    }

    static func roles(_ roles: AccessPolicy.Roles) -> String {
        list(AccessPolicy.names.filter { roles & $0.1 != 0 }.map(\.0))
    }

    /// The ids that have a role.
    static func accounts(_ accounts: [UInt32: AccessPolicy.Roles], _ role: AccessPolicy.Roles) -> String {
        list(accounts.filter { $0.value & role != 0 }.keys.sorted().map { "\($0)" })
    }

    static func sections(_ sections: [String: [UInt8]]) -> String {
        list(sections.sorted { $0.key < $1.key }.map { "\($0.key): \(String(decoding: $0.value, as: UTF8.self))" })
    }
}

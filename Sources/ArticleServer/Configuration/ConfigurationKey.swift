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

    /// What holds without the key.
    public var standard: String { text(ServerConfiguration(owner: 0)) }
}

extension ServerConfiguration {
    /// The keys whose values differ.
    public func differences(to other: ServerConfiguration) -> [ConfigurationKey] {
        ConfigurationKey.all.filter { $0.text(self) != $0.text(other) }
    }
}

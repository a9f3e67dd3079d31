/// A plugin that cannot be used: which file, what is wrong with it, what to do.
public struct PluginError: Error, Sendable, CustomStringConvertible {
    /// The library's path, or the directory's if no single library is at fault.
    public let path: String
    /// What is wrong, for people.
    public let reason: String

    public init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}

/// One thing that is wrong with a configuration.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// Of the member: `limits.frame`, `listen[0]`; empty for the whole.
    let path: String
    /// What is wrong, and what would be right.
    let text: String
    /// Where it stands, if that is known already.
    let line: Int?

    init(_ path: String, _ text: String, line: Int? = nil) {
        self.path = path
        self.text = text
        self.line = line
    }

    public var description: String { path.isEmpty ? text : "\(path): \(text)" }
}

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

/// What is wrong with a configuration: collected, so that all of it is told at once.
final class ConfigurationProblems {
    private(set) var found: [ConfigurationProblem] = []

    func add(_ path: String, _ text: String) { found.append(ConfigurationProblem(path, text)) }
}

/// The file that a configuration came from, to say where in it something is wrong.
public struct ConfigurationSource: Sendable {
    public let path: String
    private let places: ConfigurationPlaces

    init(path: String, _ json5: [UInt8]) {
        self.path = path
        places = ConfigurationPlaces(json5)
    }

    /// "/etc/articled/articled.json5:12: limits.frame: ...", for each, in the order of the file.
    func text(of problems: [ConfigurationProblem]) -> [String] {
        problems
            .map { (line: $0.line ?? places.line(of: $0.path) ?? 0, problem: $0) }
            .sorted { $0.line < $1.line }
            .map { $0.line > 0 ? "\(path):\($0.line): \($0.problem)" : "\(path): \($0.problem)" }
    }
}

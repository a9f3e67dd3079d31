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

/// What is wrong with a plugin's section of the configuration: collected, so that all of it is told at once.
public struct SettingsProblems {
    /// "workers: 0; 1 to 64 are allowed"
    private(set) var lines: [String] = []

    /// - Parameters:
    ///   - path: of the member, within the section: "workers", "limits.size", "sources[2]"; empty for the whole.
    ///   - text: what is wrong, and what would be right.
    public mutating func add(_ path: String, _ text: String) {
        let line = path.isEmpty ? text : "\(path): \(text)"
        lines.append(String(line.map { $0.isNewline ? " " : $0 }))
    }
}

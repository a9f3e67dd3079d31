/// What is wrong with a configuration: collected, so that all of it is told at once.
final class ConfigurationProblems {
    private(set) var found: [String] = []

    func add(_ path: String, _ text: String) { found.append(path.isEmpty ? text : "\(path): \(text)") }
}

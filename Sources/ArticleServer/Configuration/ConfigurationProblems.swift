/// What is wrong with a configuration: collected, so that all of it is told at once.
final class ConfigurationProblems {
    private(set) var found: [ConfigurationProblem] = []

    func add(_ path: String, _ text: String) { found.append(ConfigurationProblem(path, text)) }
}

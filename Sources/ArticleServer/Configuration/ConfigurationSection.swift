internal import JSONTree
internal import Spelling

/// One object of the configuration: hands out its members, and knows in the end which of them nobody asked for.
final class ConfigurationSection {
    let path: String
    let problems: ConfigurationProblems
    private let members: [String: JSONValue]
    private var known: Set<String> = []

    init(path: String, _ members: [String: JSONValue], _ problems: ConfigurationProblems) {
        self.path = path
        self.members = members
        self.problems = problems
    }

    /// The path of a member: `limits.frame`.
    func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// A member; null is the same as none.
    func value(_ key: String) -> JSONValue? {
        known.insert(key)
        return members[key] == .null ? nil : members[key]
    }

    func problem(_ key: String, _ text: String) { problems.add(path(of: key), text) }

    /// A member that is an object. Without it: an empty one.
    func section(_ key: String) -> ConfigurationSection {
        var found: [String: JSONValue] = [:]
        switch value(key) {
        case nil: break
        case .object(let members): found = members
        case .some(let other): problem(key, "\(other.kind), where an object belongs")
        }
        return ConfigurationSection(path: path(of: key), found, problems)
    }

    /// The members that nobody has asked for so far: for a section whose keys are names of something.
    var others: [(key: String, value: JSONValue)] {
        members.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
    }

    /// Tells of the members that nobody asked for. To be called last.
    func finish() {
        let names = known.sorted()
        for other in others {
            if let meant = Suggestion.closest(to: other.key, among: names) {
                problem(other.key, "unknown key; did you mean \(meant)?")
            } else {
                problem(other.key, "unknown key; there are: \(names.joined(separator: ", "))")
            }
        }
    }
}

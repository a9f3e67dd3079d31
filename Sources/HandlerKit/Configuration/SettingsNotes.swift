internal import Spelling

/// What is found out while a section is decoded.
final class SettingsNotes {
    var problems = SettingsProblems()
    /// Members that no coding key names, by the path of their object.
    private var unknown: [(path: String, name: String)] = []
    /// The names that were asked for, by the path of the object.
    private var asked: [String: Set<String>] = [:]

    func ask(_ name: String, in path: String) { asked[path, default: []].insert(name) }

    func addUnknown(_ name: String, in path: String) {
        guard !unknown.contains(where: { $0 == (path, name) }) else { return }
        unknown.append((path, name))
    }

    /// When all is decoded, and all names are known.
    func tellUnknown() {
        for (path, name) in unknown.sorted(by: { $0 < $1 }) {
            let names = (asked[path] ?? []).sorted()
            let advice =
                if names.isEmpty {
                    "there is nothing to be set"
                } else if let meant = Suggestion.closest(to: name, among: names) {
                    "did you mean \(meant)?"
                } else {
                    "there are: \(names.joined(separator: ", "))"
                }
            problems.add(SettingsDecoder.path(path, name), "unknown key; \(advice)")
        }
    }

    func add(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            problems.add(Self.path(context.codingPath + [key]), "is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            problems.add(Self.path(context.codingPath), context.debugDescription)
        @unknown default: problems.add("", "\(error)")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            key.intValue.map { "\(path)[\($0)]" } ?? SettingsDecoder.path(path, key.stringValue)
        }
    }
}

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

extension ConfigurationSection {
    func bool(_ key: String) -> Bool? {
        switch value(key) {
        case nil: return nil
        case .bool(let value): return value
        case .some(let other):
            problem(key, "\(other.kind), where true or false belongs")
            return nil
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        switch value(key) {
        case nil: return nil
        case .integer(let value) where range.contains(value): return value
        case .integer(let value):
            problem(key, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        case .some(let other): problem(key, "\(other.kind), where a whole number belongs")
        }
        return nil
    }

    func string(_ key: String) -> String? {
        switch value(key) {
        case nil: return nil
        case .string(let value) where !value.isEmpty && !value.utf8.contains(0): return value
        case .string: problem(key, "empty, or with a NUL in it")
        case .some(let other): problem(key, "\(other.kind), where a string belongs")
        }
        return nil
    }

    /// An array of strings, none of them twice.
    func strings(_ key: String) -> [String]? {
        guard let elements = array(key) else { return nil }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let value) where strings.contains(value):
                problem("\(key)[\(index)]", "\"\(value)\" is there already")
            case .string(let value): strings.append(value)
            default: problem("\(key)[\(index)]", "\(element.kind), where a string belongs")
            }
        }
        return strings
    }

    func array(_ key: String) -> [JSONValue]? {
        switch value(key) {
        case nil: return nil
        case .array(let elements) where elements.count <= 1024: return elements
        case .array(let elements): problem(key, "\(elements.count) elements; at most 1024 are allowed")
        case .some(let other): problem(key, "\(other.kind), where an array belongs")
        }
        return nil
    }

    /// One of the names of an enumeration.
    func choice<Choice>(_ key: String, of choices: [(name: String, value: Choice)]) -> Choice? {
        guard let name = string(key) else { return nil }
        if let choice = choices.first(where: { $0.name == name }) { return choice.value }
        problem(key, "\"\(name)\" is none of \(choices.map(\.name).joined(separator: ", "))")
        return nil
    }

    /// An absolute path.
    func path(_ key: String) -> String? {
        guard let path = string(key) else { return nil }
        if path.hasPrefix("/"), path.utf8.count < 4096 { return path }
        problem(key, "\"\(path)\" is no absolute path")
        return nil
    }
}

extension ConfigurationSection {
    /// Bytes: a number of them, or such as "16 MiB".
    func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        guard let value = quantity(key, units: units.map { ($0.0, Double($0.1)) }, plain: 1) else { return nil }
        let bytes = value.rounded()
        if bytes >= Double(range.lowerBound), bytes <= Double(range.upperBound) { return Int(bytes) }
        problem(
            key,
            "not between \(ConfigurationText.size(range.lowerBound)) and \(ConfigurationText.size(range.upperBound))")
        return nil
    }

    /// A time in milliseconds: a number of seconds, or such as "250 ms", "10 s", "5 min", "1 h".
    func milliseconds(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let units = TimeText.units.map { ($0.name, $0.milliseconds) }
        guard let value = quantity(key, units: units, plain: 1000) else { return nil }
        let milliseconds = value.rounded()
        if milliseconds >= Double(range.lowerBound), milliseconds <= Double(range.upperBound) {
            return Int(milliseconds)
        }
        problem(
            key,
            "not between \(ConfigurationText.time(range.lowerBound)) and \(ConfigurationText.time(range.upperBound))")
        return nil
    }

    private func quantity(_ key: String, units: [(String, Double)], plain: Double) -> Double? {
        switch value(key) {
        case nil: return nil
        case .integer(let value): return Double(value) * plain
        case .number(let value) where value.isFinite: return value * plain
        case .string(let text):
            if let quantity = Quantity.parse(text, units: units) { return quantity }
            problem(key, "\"\(text)\" is no number with one of the units \(units.map(\.0).joined(separator: ", "))")
        case .some(let other):
            problem(key, "\(other.kind), where a number belongs, or a string such as \"10 \(units[1].0)\"")
        }
        return nil
    }
}

/// Numbers with a unit.
enum Quantity {
    /// "10 s" with ("s", 1000) is 10000. nil without a number or with another unit.
    static func parse(_ text: String, units: [(String, Double)]) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), let factor = units.first(where: { $0.0 == unit }) else { return nil }
        return number * factor.1
    }
}

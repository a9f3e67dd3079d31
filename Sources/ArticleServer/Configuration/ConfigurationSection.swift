// SPDX-License-Identifier: Apache-2.0
internal import JSONTree
internal import Spelling

/// One object of the configuration: hands out its members, and reports those that nobody asked for.
///
/// A member that is wrong is reported and then treated as missing.
final class ConfigurationSection {
    private let path: JSONPath
    private let problems: ConfigurationProblems
    private let members: [String: JSON]
    private var known: Set<String> = []

    init(_ path: JSONPath, _ members: [JSON.Member], _ problems: ConfigurationProblems) {
        self.path = path
        self.members = Dictionary(members.map { ($0.name, $0.value) }) { _, last in last }
        self.problems = problems
    }

    /// A member; null counts as missing.
    func value(_ key: String) -> JSON? {
        known.insert(key)
        return members[key] == .null ? nil : members[key]
    }

    /// Whether a member is there, and is not null.
    func has(_ key: String) -> Bool { members[key] != nil && members[key] != .null }

    /// Whether something was found wrong in this section.
    var hasProblem: Bool { problems.found.contains { path.isPrefix(of: $0.path) } }

    /// Reports what is wrong with a member.
    func problem(_ key: String, _ text: String) { problems.add(path.member(key), text) }

    /// Reports what is wrong with an element of a member.
    func problem(_ key: String, _ index: Int, _ text: String) {
        problems.add(path.member(key).element(index), text)
    }

    /// Reports what is wrong somewhere inside a member.
    func problem(_ key: String, _ inner: JSONPath, _ text: String) { problems.add(path.member(key) + inner, text) }

    /// Reports that a member's name is wrong.
    func problem(name: String, _ text: String) { problems.add(path.member(name), text, about: .name) }

    /// A member that is an object. Without it: an empty one.
    func section(_ key: String) -> ConfigurationSection {
        var found: [JSON.Member] = []
        switch value(key) {
        case nil: break
        case .members(let members): found = members
        case .some(let other): mismatch(key, other, "an object")
        }
        return ConfigurationSection(path.member(key), found, problems)
    }

    /// The members that nobody has asked for so far: for a section whose keys are names of something.
    var others: [(key: String, value: JSON)] {
        members.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
    }

    /// Reports the members that nobody asked for. Call it last.
    func finish() {
        let names = known.sorted()
        for (count, other) in others.enumerated() {
            let advice =
                // Looking for similar names takes a while.
                if count < 100, let meant = Suggestion.closest(to: other.key, among: names) {
                    "did you mean \(meant)?"
                } else {
                    "there are: \(names.joined(separator: ", "))"
                }
            problem(name: other.key, "\(ConfigurationProblem.unknown); \(advice)")
        }
    }

    fileprivate func mismatch(_ key: String, _ value: JSON, _ wanted: String) {
        problem(key, "must be \(wanted), is \(value.kind)")
    }
}

// MARK: Plain values

extension ConfigurationSection {
    func bool(_ key: String) -> Bool? {
        switch value(key) {
        case nil: return nil
        case .bool(let value): return value
        case .some(let other):
            mismatch(key, other, "true or false")
            return nil
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        switch value(key) {
        case nil: return nil
        case .number(let text)?:
            if let number: Int = JSON.number(text).whole(), range.contains(number) { return number }
            problem(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound), is \(text)")
        case .some(let other): mismatch(key, other, "a whole number")
        }
        return nil
    }

    func string(_ key: String) -> String? {
        switch value(key) {
        case nil: return nil
        case .string(let value) where value.isEmpty: problem(key, "must not be empty")
        case .string(let value) where value.utf8.contains(0): problem(key, "must not contain NUL")
        case .string(let value): return value
        case .some(let other): mismatch(key, other, "a string")
        }
        return nil
    }

    /// An array of strings, none of them twice, each with its index in the file.
    func strings(_ key: String) -> [(index: Int, text: String)]? {
        guard let elements = array(key) else { return nil }
        var strings: [(index: Int, text: String)] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let value) where strings.contains { $0.text == value }:
                problem(key, index, "\"\(value)\" is a duplicate")
            case .string(let value): strings.append((index, value))
            default: problem(key, index, "must be a string, is \(element.kind)")
            }
        }
        return strings
    }

    func array(_ key: String) -> [JSON]? {
        switch value(key) {
        case nil: return nil
        case .array(let elements) where elements.count <= 1024: return elements
        case .array(let elements): problem(key, "must have at most 1024 elements, has \(elements.count)")
        case .some(let other): mismatch(key, other, "an array")
        }
        return nil
    }

    /// One of the names of an enumeration.
    func choice<Choice>(_ key: String, of choices: [(name: String, value: Choice)]) -> Choice? {
        guard let name = string(key) else { return nil }
        if let choice = choices.first(where: { $0.name == name }) { return choice.value }
        problem(key, "\"\(name)\" is not one of \(choices.map(\.name).joined(separator: ", "))")
        return nil
    }

    /// An absolute path.
    func path(_ key: String) -> String? {
        guard let path = string(key) else { return nil }
        if path.hasPrefix("/"), path.utf8.count < 4096 { return path }
        problem(key, "must be an absolute path, is \"\(path)\"")
        return nil
    }
}

// MARK: Numbers with a unit

extension ConfigurationSection {
    /// Bytes: a number, or a string such as "16 MiB".
    func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let units = [("B", 1.0), ("KiB", Double(1 << 10)), ("MiB", Double(1 << 20)), ("GiB", Double(1 << 30))]
        return quantity(key, units, plain: 1, in: range, ConfigurationText.size)
    }

    /// A time in milliseconds: a number of seconds, or a string such as "250 ms", "10 s", "5 min", "1 h".
    func milliseconds(_ key: String, in range: ClosedRange<Int>) -> Int? {
        quantity(
            key, TimeText.units.map { ($0.name, $0.milliseconds) }, plain: 1000, in: range, ConfigurationText.time)
    }

    /// - Parameter plain: the factor for a number without a unit.
    private func quantity(
        _ key: String, _ units: [(String, Double)], plain: Double, in range: ClosedRange<Int>, _ text: (Int) -> String
    ) -> Int? {
        let value: Double
        switch self.value(key) {
        case nil: return nil
        case .number(let text)?: value = (Double(text) ?? .nan) * plain
        case .string(let text)?:
            guard let quantity = Quantity.parse(text, units: units) else {
                problem(
                    key,
                    "must be a number with one of the units \(units.map(\.0).joined(separator: ", ")), is \"\(text)\"")
                return nil
            }
            value = quantity
        case .some(let other):
            mismatch(key, other, "a number, or a string such as \"10 \(units[1].0)\"")
            return nil
        }
        let rounded = value.rounded()
        // Exactly: the greatest Int is no Double, and the one above it is no Int.
        if let whole = Int(exactly: rounded), range.contains(whole) { return whole }
        problem(key, "must be from \(text(range.lowerBound)) to \(text(range.upperBound))")
        return nil
    }
}

/// Numbers with a unit.
enum Quantity {
    /// "10 s" with ("s", 1000) is 10000. nil without a number, or with another unit.
    static func parse(_ text: String, units: [(String, Double)]) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), let factor = units.first(where: { $0.0 == unit }) else { return nil }
        return number * factor.1
    }
}

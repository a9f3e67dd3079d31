internal import JSONTree

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

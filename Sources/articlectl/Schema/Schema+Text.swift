// SPDX-License-Identifier: Apache-2.0

extension Schema {
    /// The messages of these names and all that they contain, as a `.proto` file has them.
    func text(of names: [String]) -> String {
        var queue = names
        var seen: Set<String> = []
        var parts: [String] = []
        while !queue.isEmpty {
            let name = queue.removeFirst()
            guard seen.insert(name).inserted else { continue }
            if let message = messages[name] {
                parts.append(block("message", name, message.fields.map(\.text)))
                queue += message.fields.compactMap(\.type.named)
            } else if let enumeration = enumerations[name] {
                parts.append(block("enum", name, enumeration.values.map { "\($0.name) = \($0.number);" }))
            }
        }
        return parts.joined(separator: "\n")
    }

    private func block(_ kind: String, _ name: String, _ lines: [String]) -> String {
        lines.isEmpty ? "\(kind) \(name) {}\n" : "\(kind) \(name) {\n" + lines.map { "  \($0)\n" }.joined() + "}\n"
    }
}

extension FieldSchema {
    /// "repeated articled.v1.Topic topics = 10;"
    fileprivate var text: String {
        let label =
            switch cardinality {
            case .implicit: type.text
            case .explicit: oneof.map { "/* one of \($0) */ \(type.text)" } ?? "optional \(type.text)"
            case .repeated: "repeated \(type.text)"
            case .map(let key): "map<\(key.text), \(type.text)>"
            }
        return "\(label) \(name) = \(number);"
    }
}

extension FieldType {
    /// Of a message or an enumeration: its name.
    fileprivate var named: String? {
        switch self {
        case .message(let name), .enumeration(let name): name
        default: nil
        }
    }

    fileprivate var text: String { named ?? Self.scalars.first { $0.value == self }?.key ?? "" }
}

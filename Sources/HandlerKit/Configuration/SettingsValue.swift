/// A section of the configuration before it has a type.
enum SettingsValue: Decodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([SettingsValue])
    case object([String: SettingsValue])

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: SettingsKey.self) {
            var members: [String: SettingsValue] = [:]
            for key in container.allKeys {
                members[key.stringValue] = try container.decode(SettingsValue.self, forKey: key)
            }
            self = .object(members)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [SettingsValue] = []
            while !container.isAtEnd { elements.append(try container.decode(SettingsValue.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Int.self) {
                self = .integer(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else {
                self = .string(try container.decode(String.self))
            }
        }
    }

    /// What it is, for a person who gave the wrong one.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Any name, or any place in an array.
struct SettingsKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "[\(intValue)]"
        self.intValue = intValue
    }
}

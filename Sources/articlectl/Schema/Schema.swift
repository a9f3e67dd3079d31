// SPDX-License-Identifier: Apache-2.0

/// The messages that one or more `.proto` files describe, by their full names.
struct Schema: Sendable, Equatable {
    private(set) var messages: [String: MessageSchema] = [:]
    private(set) var enumerations: [String: EnumerationSchema] = [:]

    mutating func add(_ message: MessageSchema) { messages[message.name] = message }
    mutating func add(_ enumeration: EnumerationSchema) { enumerations[enumeration.name] = enumeration }

    mutating func add(_ other: Schema) {
        messages.merge(other.messages) { $1 }
        enumerations.merge(other.enumerations) { $1 }
    }

    /// Whether a message or an enumeration has this full name.
    func has(_ name: String) -> Bool { messages[name] != nil || enumerations[name] != nil }
}

struct MessageSchema: Sendable, Equatable {
    let name: String
    /// In ascending order of their numbers.
    let fields: [FieldSchema]

    init(name: String, fields: [FieldSchema]) {
        self.name = name
        self.fields = fields.sorted { $0.number < $1.number }
    }

    /// By the name in the `.proto` file, or by that in JSON.
    func field(named name: String) -> FieldSchema? { fields.first { $0.name == name || $0.jsonName == name } }
}

struct EnumerationSchema: Sendable, Equatable {
    struct Value: Sendable, Equatable {
        let name: String
        let number: Int32
    }

    let name: String
    let values: [Value]
}

struct FieldSchema: Sendable, Equatable {
    enum Cardinality: Sendable, Equatable {
        /// A default value is the same as none.
        case implicit
        /// `optional`, or a part of a `oneof`: a default value is sent.
        case explicit
        case repeated(packed: Bool)
        /// The entries have a key of this type as field 1, and a value of the field's type as field 2.
        case map(key: FieldType)
    }

    let name: String
    let number: UInt32
    let type: FieldType
    let cardinality: Cardinality
    /// The `oneof` that it is a part of.
    let oneof: String?
    /// `json_name`, or lowerCamelCase.
    let jsonName: String

    init(
        name: String, number: UInt32, type: FieldType, cardinality: Cardinality, oneof: String? = nil,
        jsonName: String? = nil
    ) {
        self.name = name
        self.number = number
        self.type = type
        self.cardinality = cardinality
        self.oneof = oneof
        self.jsonName = jsonName ?? Self.lowerCamelCase(name)
    }

    /// "published_at" as "publishedAt", as protoc does it.
    private static func lowerCamelCase(_ name: String) -> String {
        var result = ""
        var raises = false
        for character in name {
            if character == "_" {
                raises = true
            } else {
                result += raises ? character.uppercased() : String(character)
                raises = false
            }
        }
        return result
    }
}

enum FieldType: Sendable, Equatable {
    case double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64
    case bool, string, bytes
    case message(String)
    case enumeration(String)

    /// The types that have a name of their own in the language.
    static let scalars: [String: FieldType] = [
        "double": .double, "float": .float, "int32": .int32, "int64": .int64, "uint32": .uint32, "uint64": .uint64,
        "sint32": .sint32, "sint64": .sint64, "fixed32": .fixed32, "fixed64": .fixed64, "sfixed32": .sfixed32,
        "sfixed64": .sfixed64, "bool": .bool, "string": .string, "bytes": .bytes,
    ]

    /// How a value is encoded: the wire type.
    var wireType: UInt8 {
        switch self {
        case .double, .fixed64, .sfixed64: 1
        case .float, .fixed32, .sfixed32: 5
        case .string, .bytes, .message: 2
        default: 0
        }
    }
}

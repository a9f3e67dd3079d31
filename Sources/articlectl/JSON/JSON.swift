/// A JSON value (RFC 8259). Members keep their order, numbers their spelling.
enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case members([Member])

    struct Member: Sendable, Equatable {
        let name: String
        let value: JSON
    }

    static func object(_ members: [(String, JSON)]) -> JSON {
        .members(members.map { Member(name: $0.0, value: $0.1) })
    }

    static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

    /// The shortest spelling that reads back as the same number. What JSON cannot say (infinity, no number) is null.
    static func float(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> JSON {
        value.isFinite ? .number(value.description) : .null
    }

    /// The last member of this name, as most readers have it.
    subscript(_ name: String) -> JSON? {
        guard case .members(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The name of a member that an object has twice, here or further in: readers differ in what they make of that. Names
    /// that are canonically equal in Unicode are one.
    var repeatedMember: String? {
        switch self {
        case .null, .bool, .number, .string: return nil
        case .array(let values):
            for value in values { if let name = value.repeatedMember { return name } }
        case .members(let members):
            var names: Set<String> = []
            for member in members where !names.insert(member.name).inserted { return member.name }
            for member in members { if let name = member.value.repeatedMember { return name } }
        }
        return nil
    }

    /// For messages: "a string".
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .members: "an object"
        }
    }
}

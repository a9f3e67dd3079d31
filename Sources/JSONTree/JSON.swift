// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259). Members keep their order, numbers their spelling.
///
/// What was read from JSON5 is spelt as JSON spells it: `0x10` is "16", `.5` is "0.5". Only "Infinity", "-Infinity" and
/// "NaN", which JSON has no numbers for, stay as they are.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case members([Member])

    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    package static func object(_ members: [(String, JSON)]) -> JSON {
        .members(members.map { Member(name: $0.0, value: $0.1) })
    }

    package static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

    /// The shortest spelling that reads back as the same number. Infinity and NaN become null: JSON has no such numbers.
    package static func float(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> JSON {
        value.isFinite ? .number(value.description) : .null
    }

    /// What kind of value it is, for messages: "a string".
    package var kind: String {
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

extension JSON {
    /// The last member of this name, which is the one that most readers take.
    package subscript(_ name: String) -> JSON? {
        guard case .members(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The name of a member that an object has twice, here or further in: readers differ in which one they take. Names
    /// that are canonically equal in Unicode count as one.
    package var repeatedMember: String? {
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

    /// The same value with the members of each object in the order of their names: equal settings give equal text.
    package var sorted: JSON {
        switch self {
        case .null, .bool, .number, .string: self
        case .array(let values): .array(values.map(\.sorted))
        case .members(let members):
            .members(
                members.sorted { $0.name < $1.name }.map { Member(name: $0.name, value: $0.value.sorted) })
        }
    }
}

extension JSON {
    /// A number without a fraction that fits the type: 5, 5.0 and 5e0 alike. nil for any other value.
    package func whole<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        guard case .number(let text) = self else { return nil }
        return Number(text) ?? Double(text).flatMap { Number(exactly: $0) }
    }

    /// A number; infinite if it is too large for the type. nil for any other value.
    package var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// Whether it holds no Infinity and no NaN, at any depth, and can therefore be written as JSON.
    package var isFinite: Bool {
        switch self {
        case .number: double?.isFinite == true
        case .array(let values): values.allSatisfy(\.isFinite)
        case .members(let members): members.allSatisfy(\.value.isFinite)
        case .null, .bool, .string: true
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import JSONTree
internal import Spelling

/// Makes a value of any type, so that reading can go on behind a member that is wrong: no, zero, an empty text, an empty
/// list, the first case. Such a value is in no result; it only helps to find what else is wrong.
struct StandIn: Decoder {
    /// A type may need itself.
    private let depth: Int
    private static let maxDepth = 16

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init() { depth = 0 }

    private init(depth: Int) { self.depth = depth }

    /// nil if the type cannot be made from just anything.
    static func value<Value: Decodable>(of type: Value.Type) -> Value? { try? StandIn().make(type) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(StandInObject<Key>(decoder: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { StandInArray(decoder: self) }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    fileprivate func make<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let first = RawValues.first(type) { return first }
        guard depth < Self.maxDepth else { throw Self.impossible }
        return try Value(from: StandIn(depth: depth + 1))
    }

    fileprivate static var impossible: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "no value stands in"))
    }
}

extension StandIn: SingleValueDecodingContainer {
    func decodeNil() -> Bool { true }
    func decode(_ type: Bool.Type) -> Bool { false }
    func decode(_ type: String.Type) -> String { "" }
    func decode(_ type: Double.Type) -> Double { 0 }
    func decode(_ type: Float.Type) -> Float { 0 }
    func decode(_ type: Int.Type) -> Int { 0 }
    func decode(_ type: Int8.Type) -> Int8 { 0 }
    func decode(_ type: Int16.Type) -> Int16 { 0 }
    func decode(_ type: Int32.Type) -> Int32 { 0 }
    func decode(_ type: Int64.Type) -> Int64 { 0 }
    func decode(_ type: UInt.Type) -> UInt { 0 }
    func decode(_ type: UInt8.Type) -> UInt8 { 0 }
    func decode(_ type: UInt16.Type) -> UInt16 { 0 }
    func decode(_ type: UInt32.Type) -> UInt32 { 0 }
    func decode(_ type: UInt64.Type) -> UInt64 { 0 }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try make(type) }
}

private struct StandInObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: StandIn
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { true }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder.make(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> { decoder.container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { decoder.unkeyedContainer() }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) -> any Decoder { decoder }
}

private struct StandInArray: UnkeyedDecodingContainer {
    let decoder: StandIn
    let codingPath: [any CodingKey] = []
    let count: Int? = 0
    let isAtEnd = true
    let currentIndex = 0

    func decodeNil() -> Bool { true }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.make(type) }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        decoder.container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { decoder.unkeyedContainer() }
    func superDecoder() -> any Decoder { decoder }
}

/// The values of enums.
enum RawValues {
    /// The first case of an enum that lists them; nil for other types.
    static func first<Value>(_ type: Value.Type) -> Value? {
        guard let type = type as? any CaseIterable.Type else { return nil }
        func first<Enum: CaseIterable>(_ type: Enum.Type) -> Any? { type.allCases.first }
        return first(type) as? Value
    }

    /// What a value must be that is not one of an enum's; nil for other types.
    static func advice(_ type: Any.Type, _ value: JSON) -> String? {
        let given: JSON
        switch value {
        case .string, .number: given = value
        default: return nil
        }
        guard let type = type as? any RawRepresentable.Type else { return nil }
        guard let type = type as? any (RawRepresentable & CaseIterable).Type else {
            return "\(given.text) is not a known value"
        }
        func raw<Enum: RawRepresentable & CaseIterable>(_ type: Enum.Type) -> [String] {
            type.allCases.map { "\($0.rawValue)" }
        }
        let names = raw(type)
        var text = "\(given.text) is not one of \(names.joined(separator: ", "))"
        if case .string(let name) = given, let meant = Suggestion.closest(to: name, among: names) {
            text += "; did you mean \(meant)?"
        }
        return text
    }
}

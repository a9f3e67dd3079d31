// SPDX-License-Identifier: Apache-2.0
internal import JSONTree

/// Decodes a value of a section. What is thrown names the path of the value, and says what it must be and what it is.
struct SettingsDecoder: Decoder {
    let value: JSON
    let path: JSONPath
    let trace: SettingsTrace
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ value: JSON, _ path: JSONPath, _ trace: SettingsTrace, _ codingPath: [any CodingKey]) {
        self.value = value
        self.path = path
        self.trace = trace
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .members(let list) = value else { throw mismatch([String: Any].self, "an object") }
        let members = Dictionary(list.map { ($0.name, $0.value) }) { _, last in last }
        trace.read(members, at: path, type)
        return KeyedDecodingContainer(SettingsObject<Key>(members: members, decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([Any].self, "an array") }
        return SettingsArray(elements: elements, decoder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
        .typeMismatch(type, context("must be \(wanted), is \(value.kind)"))
    }

    private func context(_ text: String) -> DecodingError.Context {
        .init(codingPath: codingPath, debugDescription: text)
    }
}

extension SettingsDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value == .null }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let value) = value else { throw mismatch(type, "true or false") }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .string(let value) = value else { throw mismatch(type, "a string") }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double { try number(type) }
    func decode(_ type: Float.Type) throws -> Float { try number(type) }
    func decode(_ type: Int.Type) throws -> Int { try whole(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try make(type) }

    private func number<Number: BinaryFloatingPoint>(_ type: Number.Type) throws -> Number {
        guard let value = value.double else { throw mismatch(type, "a number") }
        let number = Number(value)
        guard number.isFinite else { throw DecodingError.dataCorrupted(context("must be a number, is too large")) }
        return number
    }

    private func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        guard case .number(let text) = value else { throw mismatch(type, "a whole number") }
        guard let number: Number = value.whole() else {
            let range = Number.bitWidth < 64 ? " from \(Number.min) to \(Number.max)" : Number.isSigned ? "" : " from 0"
            throw DecodingError.dataCorrupted(context("must be a whole number\(range), is \(text)"))
        }
        return number
    }

    /// The value as any type.
    func make<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try Value(from: self)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.count == codingPath.count {
            // An enum does not say which values it has.
            guard let text = RawValues.advice(type, value) else { throw DecodingError.dataCorrupted(context) }
            throw DecodingError.dataCorrupted(self.context(text))
        }
    }
}

/// The members of an object, as Decodable types see them.
struct SettingsObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSON]
    let decoder: SettingsDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.keys.sorted().compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool {
        decoder.trace.want(key.stringValue, of: decoder.path)
        return members[key.stringValue] != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try place(key).decode(type) { try member(key) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(type, key)
    }

    // The standard library asks for these types by their own names.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try place(key).container(StandIn().container(keyedBy: type)) { try member(key).container(keyedBy: type) }
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try place(key).container(StandIn().unkeyedContainer()) { try member(key).unkeyedContainer() }
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        let place = place(key)
        guard contains(key), !place.isWrong, try !member(key).decodeNil() else { return nil }
        return try place.decode(type) { try member(key) }
    }

    private func place(_ key: Key) -> SettingsPlace {
        SettingsPlace(path: decoder.path.member(key.stringValue), trace: decoder.trace)
    }

    private func member(_ key: Key) throws -> SettingsDecoder {
        guard contains(key), let value = members[key.stringValue] else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "is missing"))
        }
        return SettingsDecoder(value, decoder.path.member(key.stringValue), decoder.trace, codingPath + [key])
    }
}

/// The elements of an array, as Decodable types see them.
struct SettingsArray: UnkeyedDecodingContainer {
    let elements: [JSON]
    let decoder: SettingsDecoder
    private(set) var currentIndex = 0

    init(elements: [JSON], decoder: SettingsDecoder) {
        self.elements = elements
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex] == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try place.decode(type) { try element() }
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let container = try place.container(StandIn().container(keyedBy: type)) {
            try element().container(keyedBy: type)
        }
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try place.container(StandIn().unkeyedContainer()) { try element().unkeyedContainer() }
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try element()
        currentIndex += 1
        return decoder
    }

    private var place: SettingsPlace {
        SettingsPlace(path: decoder.path.element(currentIndex), trace: decoder.trace)
    }

    private func element() throws -> SettingsDecoder {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSON.self,
                .init(codingPath: codingPath, debugDescription: "must have more than \(elements.count) elements"))
        }
        return SettingsDecoder(
            elements[currentIndex], decoder.path.element(currentIndex), decoder.trace,
            codingPath + [SettingsKey(intValue: currentIndex)])
    }
}

/// Where a member or an element is decoded. Something else stands in for what is known to be wrong.
private struct SettingsPlace {
    let path: JSONPath
    let trace: SettingsTrace

    var isWrong: Bool { trace.isWrong(path) }

    func decode<Value: Decodable>(_ type: Value.Type, _ decoder: () throws -> SettingsDecoder) throws -> Value {
        if isWrong, let value = StandIn.value(of: type) { return value }
        return try trace.noting(path) { try decoder().make(type) }
    }

    func container<Container>(_ standIn: @autoclosure () -> Container, _ make: () throws -> Container) throws
        -> Container
    {
        isWrong ? standIn() : try trace.noting(path, make)
    }
}

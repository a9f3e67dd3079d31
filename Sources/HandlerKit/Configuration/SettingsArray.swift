internal import JSONTree

/// An array of a section, as Decodable types see it.
struct SettingsArray: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let decoder: SettingsDecoder
    private(set) var currentIndex = 0

    init(elements: [JSONValue], decoder: SettingsDecoder) {
        self.elements = elements
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, case .null = elements[currentIndex] else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: next()) }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }

    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> SettingsDecoder {
        let key = SettingsKey(intValue: currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSONValue.self,
                .init(codingPath: codingPath + [key], debugDescription: "there are \(elements.count) elements only"))
        }
        defer { currentIndex += 1 }
        return SettingsDecoder(
            elements[currentIndex], path: "\(decoder.path)[\(currentIndex)]", decoder.notes, codingPath + [key])
    }
}

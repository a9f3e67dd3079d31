// SPDX-License-Identifier: Apache-2.0

import JSONTree

/// Makes JSON from messages, as the proto3 JSON mapping says: names in lowerCamelCase, 64-bit numbers as strings, bytes in
/// Base64, enumerations by name. Default values and unknown fields are left out.
struct MessageDecoder {
    let schema: Schema

    /// - Parameter type: the message's full name.
    func decode(_ bytes: [UInt8], as type: String) throws(MessageError) -> JSON {
        try decode(bytes[...], as: type, at: "", depth: 0)
    }

    private func decode(
        _ bytes: ArraySlice<UInt8>, as type: String, at path: String, depth: Int
    ) throws(MessageError) -> JSON {
        guard depth < MessageEncoder.maxDepth else {
            throw MessageError(path: path, message: "messages are nested more than \(MessageEncoder.maxDepth) deep")
        }
        guard let message = schema.messages[type] else {
            throw MessageError(path: path, message: "there is no description of \(type)")
        }
        // A field may be there more than once: of one value the last counts, and messages merge by concatenation.
        var found: [UInt32: [Value]] = [:]
        var lastOfOneof: [String: UInt32] = [:]
        var cursor = WireCursor(bytes)
        while let (number, value) = try cursor.next(path) {
            guard let field = message.fields.first(where: { $0.number == number }) else { continue }
            if let oneof = field.oneof { lastOfOneof[oneof] = number }
            found[number, default: []].append(value)
        }
        var members: [(String, JSON)] = []
        for field in message.fields {
            guard let values = found[field.number] else { continue }
            if let oneof = field.oneof, lastOfOneof[oneof] != field.number { continue }
            let place = path.isEmpty ? field.jsonName : "\(path).\(field.jsonName)"
            if let json = try json(values, of: field, at: place, depth: depth) {
                members.append((field.jsonName, json))
            }
        }
        return .object(members)
    }

    fileprivate typealias Value = WireCursor.Value

    /// - Returns: nil for a default value.
    private func json(
        _ values: [Value], of field: FieldSchema, at path: String, depth: Int
    ) throws(MessageError) -> JSON? {
        switch field.cardinality {
        case .implicit, .explicit:
            let value: Value
            if case .message = field.type {
                var whole: ArraySlice<UInt8> = []
                for part in values { whole += try part.slice(path) }
                value = .slice(whole)
            } else {
                value = values[values.count - 1]
            }
            let json = try json(value, as: field.type, at: path, depth: depth)
            return field.cardinality == .implicit && isDefault(json, field.type) ? nil : json
        case .repeated:
            var elements: [JSON] = []
            for value in values {
                if field.type.wireType != 2, case .slice(let packed) = value {
                    var cursor = WireCursor(packed)
                    while let value = try cursor.value(ofWireType: field.type.wireType, path) {
                        elements.append(try json(value, as: field.type, at: "\(path)[\(elements.count)]", depth: depth))
                    }
                } else {
                    elements.append(try json(value, as: field.type, at: "\(path)[\(elements.count)]", depth: depth))
                }
            }
            return elements.isEmpty ? nil : .array(elements)
        case .map(let key):
            var entries: [(String, JSON)] = []
            var places: [String: Int] = [:]
            for value in values {
                let (name, json) = try entry(value.slice(path), key, field.type, at: path, depth: depth)
                if let place = places[name] {
                    entries[place].1 = json  // the last one counts
                } else {
                    places[name] = entries.count
                    entries.append((name, json))
                }
            }
            return .object(entries)
        }
    }

    private func entry(
        _ bytes: ArraySlice<UInt8>, _ keyType: FieldType, _ type: FieldType, at path: String, depth: Int
    ) throws(MessageError) -> (String, JSON) {
        var (key, value): (Value?, Value?) = (nil, nil)
        var cursor = WireCursor(bytes)
        while let (number, found) = try cursor.next(path) {
            if number == 1 { key = found }
            if number == 2 { value = found }
        }
        let name: String
        switch try json(key ?? Self.zero(keyType), as: keyType, at: path, depth: depth) {
        case .string(let text), .number(let text): name = text
        case .bool(let flag): name = flag ? "true" : "false"
        default: name = ""
        }
        return (name, try json(value ?? Self.zero(type), as: type, at: "\(path)[\"\(name)\"]", depth: depth))
    }

    private static func zero(_ type: FieldType) -> Value {
        switch type.wireType {
        case 1: .fixed64(0)
        case 2: .slice([])
        case 5: .fixed32(0)
        default: .varint(0)
        }
    }

    private func json(
        _ value: Value, as type: FieldType, at path: String, depth: Int
    ) throws(MessageError) -> JSON {
        switch type {
        case .double: Self.number(Double(bitPattern: try value.fixed64(path)))
        case .float: Self.number(Float(bitPattern: try value.fixed32(path)))
        case .int32: .integer(Int32(truncatingIfNeeded: try value.varint(path)))
        case .int64: .string("\(Int64(bitPattern: try value.varint(path)))")
        case .uint32: .integer(UInt32(truncatingIfNeeded: try value.varint(path)))
        case .uint64: .string("\(try value.varint(path))")
        case .sint32:
            .integer(
                Int32(truncatingIfNeeded: Self.unfolded(UInt64(UInt32(truncatingIfNeeded: try value.varint(path))))))
        case .sint64: .string("\(Self.unfolded(try value.varint(path)))")
        case .fixed32: .integer(try value.fixed32(path))
        case .fixed64: .string("\(try value.fixed64(path))")
        case .sfixed32: .integer(Int32(bitPattern: try value.fixed32(path)))
        case .sfixed64: .string("\(Int64(bitPattern: try value.fixed64(path)))")
        case .bool: .bool(try value.varint(path) != 0)
        case .string: .string(try Self.text(value.slice(path), path))
        case .bytes: .string(Base64.encode(Array(try value.slice(path))))
        case .enumeration(let name): self.name(Int32(truncatingIfNeeded: try value.varint(path)), of: name)
        case .message(let name): try decode(value.slice(path), as: name, at: path, depth: depth + 1)
        }
    }

    private static func unfolded(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(value & 1) }

    private static func text(_ bytes: ArraySlice<UInt8>, _ path: String) throws(MessageError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MessageError(path: path, message: "the text is not valid UTF-8")
        }
        return text
    }

    private static func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> JSON {
        if value.isFinite { return .float(value) }
        return .string(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    }

    /// The first name of the number; a number that has none as it is.
    private func name(_ number: Int32, of enumeration: String) -> JSON {
        let value = schema.enumerations[enumeration]?.values.first { $0.number == number }
        return value.map { .string($0.name) } ?? .integer(number)
    }

    private func isDefault(_ json: JSON, _ type: FieldType) -> Bool {
        if case .enumeration(let name) = type { return json == self.name(0, of: name) }
        if case .message = type { return false }
        return switch json {
        case .bool(let flag): !flag
        case .number(let text): text == "0" || text == "0.0"
        case .string(let text): text.isEmpty || text == "0" && type != .string && type != .bytes
        default: false
        }
    }
}

/// Reads the Protocol Buffers encoding field by field. No length is believed before it is compared with what is left.
private struct WireCursor {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case slice(ArraySlice<UInt8>)

        func varint(_ path: String) throws(MessageError) -> UInt64 {
            guard case .varint(let value) = self else { throw mismatch(path) }
            return value
        }

        func fixed64(_ path: String) throws(MessageError) -> UInt64 {
            guard case .fixed64(let value) = self else { throw mismatch(path) }
            return value
        }

        func fixed32(_ path: String) throws(MessageError) -> UInt32 {
            guard case .fixed32(let value) = self else { throw mismatch(path) }
            return value
        }

        func slice(_ path: String) throws(MessageError) -> ArraySlice<UInt8> {
            guard case .slice(let value) = self else { throw mismatch(path) }
            return value
        }

        private func mismatch(_ path: String) -> MessageError {
            MessageError(path: path, message: "the value is encoded as that of another type")
        }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// - Returns: nil at the end.
    mutating func next(_ path: String) throws(MessageError) -> (field: UInt32, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint(path)
        guard let field = UInt32(exactly: key >> 3), (1..<1 << 29).contains(field) else {
            throw MessageError(path: path, message: "a field number is out of range")
        }
        guard let value = try value(ofWireType: UInt8(key & 7), path, mayEnd: false) else { return nil }
        return (field, value)
    }

    /// - Returns: nil at the end, if it may be there.
    mutating func value(
        ofWireType type: UInt8, _ path: String, mayEnd: Bool = true
    ) throws(MessageError) -> Value? {
        if mayEnd, rest.isEmpty { return nil }
        switch type {
        case 0: return .varint(try varint(path))
        case 1: return .fixed64(try fixed(8, path))
        case 5: return .fixed32(UInt32(truncatingIfNeeded: try fixed(4, path)))
        case 2:
            let length = try varint(path)
            guard let count = Int(exactly: length), count <= rest.count else { throw cutOff(path) }
            defer { rest = rest.dropFirst(count) }
            return .slice(rest.prefix(count))
        default: throw MessageError(path: path, message: "wire type \(type), which proto3 does not use")
        }
    }

    private func cutOff(_ path: String) -> MessageError {
        MessageError(path: path, message: "the message ends inside a value")
    }

    private mutating func varint(_ path: String) throws(MessageError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = rest.popFirst() else { throw cutOff(path) }
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw MessageError(path: path, message: "a varint of more than 64 bits")
    }

    private mutating func fixed(_ count: Int, _ path: String) throws(MessageError) -> UInt64 {
        guard rest.count >= count else { throw cutOff(path) }
        var value: UInt64 = 0
        for (index, byte) in rest.prefix(count).enumerated() { value |= UInt64(byte) << UInt64(index * 8) }
        rest = rest.dropFirst(count)
        return value
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArticleProtocol
import JSONTree
import Spelling

/// Why a message and its JSON do not fit, and where: "article.topics[0].score".
struct MessageError: Error, Equatable {
    let path: String
    let message: String

    /// "article.title: a string is expected; this is a number"
    var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Makes messages from JSON, as the proto3 JSON mapping says (protobuf.dev, "ProtoJSON Format").
///
/// Members go by their JSON name or by that in the `.proto` file. As an article's id is, bytes may be given as a UUID too.
struct MessageEncoder {
    /// Nested messages; JSON that is deeper is refused by its reader already.
    static let maxDepth = 64

    let schema: Schema

    /// - Parameter type: the message's full name.
    func encode(_ value: JSON, as type: String) throws(MessageError) -> [UInt8] {
        var bytes: [UInt8] = []
        try encode(value, as: type, at: "", depth: 0, to: &bytes)
        guard bytes.count <= Limits.maxFrame else {
            throw MessageError(
                path: "",
                message: "the message has \(Quantity.bytes(bytes.count)); a frame has room for "
                    + Quantity.bytes(Limits.maxFrame))
        }
        return bytes
    }

    private func encode(
        _ value: JSON, as type: String, at path: String, depth: Int, to bytes: inout [UInt8]
    ) throws(MessageError) {
        guard depth < Self.maxDepth else {
            throw MessageError(path: path, message: "messages are nested more than \(Self.maxDepth) deep")
        }
        guard let message = schema.messages[type] else {
            throw MessageError(path: path, message: "there is no description of \(type)")
        }
        guard case .members(let members) = value else { throw mismatch(path, "an object (\(type))", value) }
        var given: [UInt32: (name: String, value: JSON)] = [:]
        var oneofs: [String: String] = [:]
        for member in members {
            let place = Self.join(path, member.name)
            guard let field = message.field(named: member.name) else {
                let meant = Suggestion.closest(to: member.name, among: message.fields.map(\.jsonName))
                let names = message.fields.map(\.jsonName).joined(separator: ", ")
                let hint =
                    meant.map { "; did you mean \($0)?" }
                    ?? (names.isEmpty ? ", which has none" : "; its fields are \(names)")
                throw MessageError(path: place, message: "no such field of \(type)\(hint)")
            }
            guard given[field.number] == nil else { throw MessageError(path: place, message: "it is given twice") }
            given[field.number] = (member.name, member.value)
            if let oneof = field.oneof, member.value != .null {
                if let other = oneofs[oneof] {
                    throw MessageError(path: place, message: "\(other) is given as well, and only one of them can be")
                }
                oneofs[oneof] = member.name
            }
        }
        for field in message.fields {
            guard let (name, value) = given[field.number], value != .null else { continue }
            try encode(value, of: field, at: Self.join(path, name), depth: depth, to: &bytes)
        }
    }

    private func encode(
        _ value: JSON, of field: FieldSchema, at path: String, depth: Int, to bytes: inout [UInt8]
    ) throws(MessageError) {
        switch field.cardinality {
        case .implicit, .explicit:
            let encoded = try encoded(value, as: field.type, at: path, depth: depth)
            var isMessage = false
            if case .message = field.type { isMessage = true }
            let isDefault = encoded.allSatisfy { $0 == 0 } && (field.type.wireType != 2 || encoded.isEmpty)
            guard field.cardinality == .explicit || isMessage || !isDefault else { return }
            append(encoded, of: field.type, at: field.number, to: &bytes)
        case .repeated(let packed):
            guard case .array(let values) = value else { throw mismatch(path, "an array", value) }
            var all: [UInt8] = []
            for (index, value) in values.enumerated() {
                let encoded = try encoded(value, as: field.type, at: "\(path)[\(index)]", depth: depth)
                if packed { all += encoded } else { append(encoded, of: field.type, at: field.number, to: &bytes) }
            }
            if packed, !values.isEmpty { append(all, of: .bytes, at: field.number, to: &bytes) }
        case .map(let key):
            guard case .members(let members) = value else { throw mismatch(path, "an object (a map)", value) }
            var keys: Set<[UInt8]> = []
            for member in members {
                let place = "\(path)[\"\(member.name)\"]"
                let encodedKey = try self.encoded(Self.value(ofKey: member.name, key), as: key, at: place, depth: depth)
                guard keys.insert(encodedKey).inserted else {
                    throw MessageError(path: place, message: "it is given twice")
                }
                var entry: [UInt8] = []
                append(encodedKey, of: key, at: 1, to: &entry)
                append(
                    try encoded(member.value, as: field.type, at: place, depth: depth), of: field.type, at: 2,
                    to: &entry)
                append(entry, of: .bytes, at: field.number, to: &bytes)
            }
        }
    }

    /// A map's key as the value that it stands for.
    private static func value(ofKey key: String, _ type: FieldType) -> JSON {
        switch (type, key) {
        case (.bool, "true"): .bool(true)
        case (.bool, "false"): .bool(false)
        default: .string(key)
        }
    }

    // MARK: Values

    /// A value's bytes, without its field's key and its length.
    private func encoded(
        _ value: JSON, as type: FieldType, at path: String, depth: Int
    ) throws(MessageError) -> [UInt8] {
        var bytes: [UInt8] = []
        switch type {
        case .double: bytes.append(fixed: try double(value, at: path).bitPattern)
        case .float:
            let wide = try double(value, at: path)
            let narrow = Float(wide)
            guard narrow.isFinite || !wide.isFinite else {
                throw MessageError(path: path, message: "the number is out of the range of a float")
            }
            bytes.append(fixed: narrow.bitPattern)
        case .int32: bytes.append(varint: UInt64(bitPattern: Int64(try integer(value, at: path) as Int32)))
        case .int64: bytes.append(varint: UInt64(bitPattern: try integer(value, at: path) as Int64))
        case .uint32: bytes.append(varint: UInt64(try integer(value, at: path) as UInt32))
        case .uint64: bytes.append(varint: try integer(value, at: path))
        case .sint32:
            let number: Int32 = try integer(value, at: path)
            bytes.append(varint: UInt64(UInt32(bitPattern: number << 1 ^ number >> 31)))
        case .sint64:
            let number: Int64 = try integer(value, at: path)
            bytes.append(varint: UInt64(bitPattern: number << 1 ^ number >> 63))
        case .fixed32: bytes.append(fixed: try integer(value, at: path) as UInt32)
        case .fixed64: bytes.append(fixed: try integer(value, at: path) as UInt64)
        case .sfixed32: bytes.append(fixed: UInt32(bitPattern: try integer(value, at: path)))
        case .sfixed64: bytes.append(fixed: UInt64(bitPattern: try integer(value, at: path)))
        case .bool:
            guard case .bool(let flag) = value else { throw mismatch(path, "true or false", value) }
            bytes.append(flag ? 1 : 0)
        case .string:
            guard case .string(let text) = value else { throw mismatch(path, "a string", value) }
            bytes.append(contentsOf: text.utf8)
        case .bytes: bytes = try self.bytes(value, at: path)
        case .enumeration(let name):
            bytes.append(varint: UInt64(bitPattern: Int64(try number(value, of: name, at: path))))
        case .message(let name): try encode(value, as: name, at: path, depth: depth + 1, to: &bytes)
        }
        return bytes
    }

    /// Whole numbers may be given as a string, and as 1.0 or 1e3.
    private func integer<Number: FixedWidthInteger>(_ value: JSON, at path: String) throws(MessageError) -> Number {
        let text: String
        switch value {
        case .number(let given), .string(let given): text = given
        default: throw mismatch(path, "a whole number", value)
        }
        if let number = Number(text), !text.hasPrefix("+") { return number }
        if let wide = Double(text), wide.magnitude < 9_007_199_254_740_992, let number = Number(exactly: wide),
            text.contains(where: { ".eE".contains($0) })
        {
            return number
        }
        throw MessageError(
            path: path, message: "a whole number from \(Number.min) to \(Number.max) is expected; this is \(text)")
    }

    private func double(_ value: JSON, at path: String) throws(MessageError) -> Double {
        switch value {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .number(let text), .string(let text):
            if let number = Double(text), number.isFinite { return number }
            throw MessageError(path: path, message: "a number is expected; this is \(text)")
        default: throw mismatch(path, "a number", value)
        }
    }

    private func bytes(_ value: JSON, at path: String) throws(MessageError) -> [UInt8] {
        guard case .string(let text) = value else { throw mismatch(path, "bytes in Base64", value) }
        if let id = ArticleID(text) { return id.bytes }
        let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        guard let bytes = Base64.decode(standard) else {
            throw MessageError(path: path, message: "bytes in Base64, or a UUID, are expected")
        }
        return bytes
    }

    private func number(_ value: JSON, of name: String, at path: String) throws(MessageError) -> Int32 {
        let values = schema.enumerations[name]?.values ?? []
        guard case .string(let text) = value else {
            guard case .number = value else { throw mismatch(path, "one of \(name)", value) }
            return try integer(value, at: path)
        }
        if let found = values.first(where: { $0.name == text }) { return found.number }
        let names = values.map(\.name)
        let meant = Suggestion.closest(to: text, among: names)
        throw MessageError(
            path: path,
            message: "\(name) has no value \"\(text)\"; "
                + (meant.map { "did you mean \($0)?" } ?? "its values are \(names.joined(separator: ", "))"))
    }

    // MARK: -

    private func append(_ encoded: [UInt8], of type: FieldType, at field: UInt32, to bytes: inout [UInt8]) {
        bytes.append(varint: UInt64(field) << 3 | UInt64(type.wireType))
        if type.wireType == 2 { bytes.append(varint: UInt64(encoded.count)) }
        bytes += encoded
    }

    private func mismatch(_ path: String, _ expected: String, _ value: JSON) -> MessageError {
        MessageError(path: path, message: "\(expected) is expected; this is \(value.kind)")
    }

    private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension [UInt8] {
    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func append(fixed value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}

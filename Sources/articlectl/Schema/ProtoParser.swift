// SPDX-License-Identifier: Apache-2.0

import Spelling

/// Reads a `.proto` file of proto3: its messages and enumerations. Services and options are passed over.
///
/// Types of other files are found if their schema is given; files that are imported are not opened.
struct ProtoParser {
    private static let maxDepth = 32
    private static let maxFieldNumber: UInt64 = 1 << 29 - 1

    private var lexer: ProtoLexer
    private var token = ProtoLexer.Token.end
    private var package = ""
    private var schema = Schema()
    /// Fields whose types are not resolved yet, by the message they are in.
    private var messages: [(name: String, fields: [Unresolved])] = []

    private struct Unresolved {
        let name: String
        let number: UInt32
        let type: String
        let line: Int
        let label: Label
        var mapKey: FieldType?
        var oneof: String?
        var packed: Bool?
        var jsonName: String?
    }

    private enum Label { case none, optional, repeated }

    /// - Parameter known: messages that the file may use as well.
    static func parse(_ text: String, known: Schema = Schema()) throws(ProtoError) -> Schema {
        var parser = ProtoParser(text)
        try parser.file()
        return try parser.resolved(known)
    }

    private init(_ text: String) { lexer = ProtoLexer(text) }

    // MARK: Words

    private func error(_ message: String) -> ProtoError { ProtoError(line: lexer.line, message: message) }

    private mutating func advance() throws(ProtoError) { token = try lexer.next() }

    private mutating func take(_ symbol: Character) throws(ProtoError) -> Bool {
        guard token == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: Character) throws(ProtoError) {
        guard try take(symbol) else { throw error("\"\(symbol)\" is expected, not \(described)") }
    }

    private var described: String {
        switch token {
        case .name(let name): "\"\(name)\""
        case .number(let number): number
        case .string: "a string"
        case .symbol(let symbol): "\"\(symbol)\""
        case .end: "the end of the file"
        }
    }

    private mutating func name(_ what: String) throws(ProtoError) -> String {
        guard case .name(let name) = token else { throw error("\(what) is expected, not \(described)") }
        try advance()
        return name
    }

    private mutating func string() throws(ProtoError) -> String {
        guard case .string(let text) = token else { throw error("a string is expected, not \(described)") }
        try advance()
        return text
    }

    private mutating func integer() throws(ProtoError) -> Int64 {
        let isNegative = try take("-")
        guard case .number(let text) = token else { throw error("a number is expected, not \(described)") }
        let magnitude =
            text.lowercased().hasPrefix("0x")
            ? UInt64(text.dropFirst(2), radix: 16)
            : text.hasPrefix("0") ? UInt64(text, radix: 8) : UInt64(text)
        guard let magnitude, let value = Int64(exactly: magnitude) else { throw error("\(text) is no whole number") }
        try advance()
        return isNegative ? -value : value
    }

    /// Passes over a statement, up to its ";" or the end of its block.
    private mutating func skipStatement() throws(ProtoError) {
        var depth = 0
        while true {
            switch token {
            case .end: throw error("the file ends within a statement")
            case .symbol(";") where depth == 0: return try advance()
            case .symbol("{"): depth += 1
            case .symbol("}"):
                depth -= 1
                guard depth >= 0 else { throw error("\";\" is expected, not \"}\"") }
                if depth == 0 {
                    try advance()
                    _ = try take(";")
                    return
                }
            default: break
            }
            try advance()
        }
    }

    // MARK: Statements

    private mutating func file() throws(ProtoError) {
        try advance()
        var syntax = "proto2"
        while token != .end {
            if try take(";") { continue }
            switch try name("a statement") {
            case "syntax":
                try expect("=")
                syntax = try string()
                try expect(";")
            case "package":
                package = try name("a package's name")
                try expect(";")
            case "message": try message(in: package, depth: 0)
            case "enum": try enumeration(in: package)
            case "import", "option", "service": try skipStatement()
            case let other: throw error("a statement cannot begin with \"\(other)\"")
            }
        }
        guard syntax == "proto3" else {
            throw ProtoError(line: 1, message: "the syntax is \"\(syntax)\"; only \"proto3\" is understood")
        }
    }

    private static func join(_ scope: String, _ name: String) -> String { scope.isEmpty ? name : "\(scope).\(name)" }

    private mutating func message(in scope: String, depth: Int) throws(ProtoError) {
        guard depth < Self.maxDepth else { throw error("messages are nested more than \(Self.maxDepth) deep") }
        let full = Self.join(scope, try name("a message's name"))
        var fields: [Unresolved] = []
        try expect("{")
        while !(try take("}")) {
            if try take(";") { continue }
            switch try name("a field") {
            case "message": try message(in: full, depth: depth + 1)
            case "enum": try enumeration(in: full)
            case "option", "reserved", "extensions": try skipStatement()
            case "oneof":
                let oneof = try name("a oneof's name")
                try expect("{")
                while !(try take("}")) {
                    if try take(";") { continue }
                    let first = try name("a field")
                    if first == "option" {
                        try skipStatement()
                    } else {
                        fields.append(try field(type: first, .none, oneof: oneof))
                    }
                }
            case "repeated": fields.append(try field(type: try name("a type"), .repeated))
            case "optional": fields.append(try field(type: try name("a type"), .optional))
            case "map" where token == .symbol("<"): fields.append(try map())
            case let type: fields.append(try field(type: type, .none))
            }
        }
        try check(fields, of: full)
        messages.append((full, fields))
    }

    private mutating func field(
        type: String, _ label: Label, mapKey: FieldType? = nil, oneof: String? = nil
    ) throws(ProtoError) -> Unresolved {
        let line = lexer.line
        let name = try name("a field's name")
        try expect("=")
        let number = try integer()
        guard (1...Int64(Self.maxFieldNumber)).contains(number) else {
            throw error("\(name): \(number) is no field number")
        }
        var field = Unresolved(
            name: name, number: UInt32(number), type: type, line: line, label: label, mapKey: mapKey, oneof: oneof)
        if try take("[") { try options(of: &field) }
        try expect(";")
        return field
    }

    /// "[packed = false, json_name = \"id\"]"
    private mutating func options(of field: inout Unresolved) throws(ProtoError) {
        while true {
            if token == .name("packed") || token == .name("json_name") {
                let option = try name("an option")
                try expect("=")
                if option == "packed" {
                    field.packed = try name("true or false") == "true"
                } else {
                    field.jsonName = try string()
                }
            } else {
                var depth = 0
                while depth > 0 || (token != .symbol(",") && token != .symbol("]")) {
                    if token == .symbol("{") { depth += 1 }
                    if token == .symbol("}") { depth -= 1 }
                    guard token != .end else { throw error("the file ends within an option") }
                    try advance()
                }
            }
            if try take("]") { return }
            try expect(",")
        }
    }

    private mutating func map() throws(ProtoError) -> Unresolved {
        try expect("<")
        let key = try name("a key's type")
        guard let type = FieldType.scalars[key], ![.double, .float, .bytes].contains(type) else {
            throw error("\(key) cannot be the key of a map")
        }
        try expect(",")
        let value = try name("a value's type")
        try expect(">")
        return try field(type: value, .none, mapKey: type)
    }

    private mutating func enumeration(in scope: String) throws(ProtoError) {
        let full = Self.join(scope, try name("an enum's name"))
        var values: [EnumerationSchema.Value] = []
        try expect("{")
        while !(try take("}")) {
            if try take(";") { continue }
            let name = try name("a value's name")
            if name == "option" || name == "reserved" {
                try skipStatement()
                continue
            }
            try expect("=")
            guard let number = Int32(exactly: try integer()) else { throw error("\(name): the number is too large") }
            values.append(.init(name: name, number: number))
            if token == .symbol("[") { try skipStatement() } else { try expect(";") }
        }
        schema.add(EnumerationSchema(name: full, values: values))
    }

    // MARK: Types

    private func check(_ fields: [Unresolved], of message: String) throws(ProtoError) {
        var (names, numbers): (Set<String>, Set<UInt32>) = ([], [])
        for field in fields {
            guard names.insert(field.name).inserted else {
                throw ProtoError(line: field.line, message: "\(message) has the field \(field.name) twice")
            }
            guard numbers.insert(field.number).inserted else {
                throw ProtoError(line: field.line, message: "\(message) has the field number \(field.number) twice")
            }
        }
    }

    private func resolved(_ known: Schema) throws(ProtoError) -> Schema {
        var all = known
        all.add(schema)
        for message in messages { all.add(MessageSchema(name: message.name, fields: [])) }
        var result = schema
        for message in messages {
            var fields: [FieldSchema] = []
            for field in message.fields { fields.append(try resolved(field, in: message.name, all)) }
            result.add(MessageSchema(name: message.name, fields: fields))
        }
        return result
    }

    private func resolved(_ field: Unresolved, in message: String, _ all: Schema) throws(ProtoError) -> FieldSchema {
        let type: FieldType
        if let scalar = FieldType.scalars[field.type] {
            type = scalar
        } else {
            type = try resolved(field.type, at: field.line, in: message, all)
        }
        let cardinality: FieldSchema.Cardinality
        if let key = field.mapKey {
            cardinality = .map(key: key)
        } else if field.label == .repeated {
            cardinality = .repeated(packed: type.wireType != 2 && field.packed != false)
        } else {
            cardinality = field.label == .optional || field.oneof != nil ? .explicit : .implicit
        }
        return FieldSchema(
            name: field.name, number: field.number, type: type, cardinality: cardinality, oneof: field.oneof,
            jsonName: field.jsonName)
    }

    /// Looks from the innermost scope outward, as the language says.
    private func resolved(
        _ name: String, at line: Int, in scope: String, _ all: Schema
    ) throws(ProtoError) -> FieldType {
        var scopes = scope.split(separator: ".")[...]
        if name.hasPrefix(".") { scopes = [] }
        let name = name.hasPrefix(".") ? String(name.dropFirst()) : name
        while true {
            let full = Self.join(scopes.joined(separator: "."), name)
            if all.messages[full] != nil { return .message(full) }
            if all.enumerations[full] != nil { return .enumeration(full) }
            guard scopes.popLast() != nil else { break }
        }
        let names = Array(all.messages.keys) + Array(all.enumerations.keys)
        let short = names.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        let meant = Suggestion.closest(to: name, among: short.sorted()).map { "; did you mean \($0)?" } ?? ""
        throw ProtoError(line: line, message: "there is no type \(name)\(meant)")
    }
}

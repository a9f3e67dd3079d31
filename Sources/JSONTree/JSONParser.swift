// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259), strictly, or JSON5 (json5.org): one value after the other from bytes in memory.
///
/// Written for bulk: a string without escapes is checked and copied in one go. Depth is bounded, time and memory are in
/// proportion to the bytes, whatever they are.
package struct JSONParser {
    package enum Syntax: Sendable {
        case json
        /// Comments, trailing commas, single quotes, names without quotes, more numbers and more escapes.
        case json5
    }

    /// How deep arrays and objects may be nested.
    package static let depth = 64

    let bytes: [UInt8]
    let syntax: Syntax
    /// Where the parser stands, from 0.
    package internal(set) var offset: Int
    private var depth = 0
    /// Where values and names begin, in the order of the text; nil if nobody asks for them.
    private(set) var trace: Trace?

    /// The offsets of all values and of all names, each in the order in which they begin.
    struct Trace: Sendable {
        var values: [Int] = []
        var names: [Int] = []
    }

    package init(_ bytes: [UInt8], from offset: Int = 0, as syntax: Syntax = .json) {
        self.init(bytes, from: offset, as: syntax, traces: false)
    }

    init(_ bytes: [UInt8], from offset: Int = 0, as syntax: Syntax, traces: Bool) {
        self.bytes = bytes
        self.syntax = syntax
        self.offset = offset
        trace = traces ? Trace() : nil
    }

    /// The only value in the bytes.
    package static func parse(_ bytes: [UInt8], as syntax: Syntax = .json) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, as: syntax)
        return try parser.onlyValue()
    }

    /// The only value that is left.
    package mutating func onlyValue() throws(JSONError) -> JSON {
        guard let value = try next() else { throw error("expected a value, found nothing") }
        try skipSpace()
        guard offset == bytes.count else { throw error("unexpected text after the end of the value") }
        return value
    }

    /// The next value; nil if nothing is left but white space.
    package mutating func next() throws(JSONError) -> JSON? {
        try skipSpace()
        return offset < bytes.count ? try value() : nil
    }

    /// An error at a place; by default where the parser stands.
    package func error(_ message: String, at place: Int? = nil) -> JSONError {
        JSONError(message, at: JSONPlace(offset: place ?? offset, in: bytes))
    }

    /// An error where something is missing: about the bracket or quote that was opened at `start` if the text ends here.
    private func expected(_ what: String, within start: Int) -> JSONError {
        guard offset >= bytes.count else { return error("expected \(what)") }
        return error("this \"\(Character(Unicode.Scalar(bytes[start])))\" is never closed", at: start)
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    // MARK: Values

    private mutating func value() throws(JSONError) -> JSON {
        guard offset < bytes.count else { throw error("expected a value") }
        trace?.values.append(offset)
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "'") where syntax == .json5: return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "I"), UInt8(ascii: "N"):
            guard syntax == .json5 else { throw notAValue() }
            return .number(try number())
        default: throw notAValue()
        }
    }

    func notAValue() -> JSONError {
        let isLetter = (bytes[offset] | 0x20).isBetween("a", "z")
        return error(isLetter ? "expected a value; a string needs quotes" : "expected a value")
    }

    mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let text = "\(word)".utf8
        guard bytes[offset...].starts(with: text) else { throw notAValue() }
        offset += text.count
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        let start = try enter()
        var members: [JSON.Member] = []
        try skipSpace()
        var isClosed = take(UInt8(ascii: "}"))
        while !isClosed {
            members.append(try member(of: start))
            try skipSpace()
            if take(UInt8(ascii: ",")) {
                try skipSpace()
                isClosed = syntax == .json5 && take(UInt8(ascii: "}"))
            } else {
                guard take(UInt8(ascii: "}")) else { throw expected("\",\" or \"}\" after a member", within: start) }
                isClosed = true
            }
        }
        depth -= 1
        return .members(members)
    }

    private mutating func member(of start: Int) throws(JSONError) -> JSON.Member {
        guard offset < bytes.count else { throw expected("a member", within: start) }
        trace?.names.append(offset)
        let name: String
        switch bytes[offset] {
        case UInt8(ascii: "\""): name = try string()
        case UInt8(ascii: "'") where syntax == .json5: name = try string()
        default:
            guard syntax == .json5 else { throw error("expected a member's name in double quotes") }
            name = try identifier()
        }
        try skipSpace()
        guard take(UInt8(ascii: ":")) else { throw expected("\":\" after a member's name", within: start) }
        try skipSpace()
        guard offset < bytes.count else { throw expected("a value", within: start) }
        return JSON.Member(name: name, value: try value())
    }

    private mutating func array() throws(JSONError) -> JSON {
        let start = try enter()
        var values: [JSON] = []
        try skipSpace()
        var isClosed = take(UInt8(ascii: "]"))
        while !isClosed {
            guard offset < bytes.count else { throw expected("a value", within: start) }
            values.append(try value())
            try skipSpace()
            if take(UInt8(ascii: ",")) {
                try skipSpace()
                isClosed = syntax == .json5 && take(UInt8(ascii: "]"))
            } else {
                guard take(UInt8(ascii: "]")) else { throw expected("\",\" or \"]\" after an element", within: start) }
                isClosed = true
            }
        }
        depth -= 1
        return .array(values)
    }

    /// Steps over an opening bracket, and returns where it is.
    private mutating func enter() throws(JSONError) -> Int {
        guard depth < Self.depth else { throw error("nested more than \(Self.depth) deep") }
        depth += 1
        defer { offset += 1 }
        return offset
    }
}

extension UInt8 {
    func isBetween(_ first: Unicode.Scalar, _ last: Unicode.Scalar) -> Bool {
        self >= UInt8(ascii: first) && self <= UInt8(ascii: last)
    }

    /// What it is worth as a hex digit.
    var hexDigit: UInt32? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

/// Reads JSON (RFC 8259), strictly: one value after the other from bytes in memory.
///
/// Written for bulk: a string without escapes is checked and copied in one go. Depth is bounded; a value takes memory in
/// proportion to its bytes.
struct JSONParser {
    static let depth = 64

    private let bytes: [UInt8]
    private(set) var offset: Int
    private var depth = 0

    init(_ bytes: [UInt8], from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// The only value in the bytes.
    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes)
        guard let value = try parser.next() else { throw parser.error("there is nothing but white space") }
        guard try parser.next() == nil else { throw parser.error("there is more behind the end of the value") }
        return value
    }

    /// The next value; nil if only white space is left.
    mutating func next() throws(JSONError) -> JSON? {
        skipSpace()
        return offset < bytes.count ? try value() : nil
    }

    private func error(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0a, 0x0d, 0x09: offset += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard offset < bytes.count else { throw error("it ends where a value is expected") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw error("a value cannot begin so")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let text = "\(word)".utf8
        guard bytes[offset...].starts(with: text) else { throw error("a value cannot begin so") }
        offset += text.count
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        var members: [JSON.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) {
            depth -= 1
            return .members([])
        }
        while true {
            skipSpace()
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                throw error("a member's name in quotes is expected")
            }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("\":\" is expected") }
            skipSpace()
            members.append(JSON.Member(name: name, value: try value()))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error("\",\" or \"}\" is expected") }
            depth -= 1
            return .members(members)
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        var values: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) {
            depth -= 1
            return .array([])
        }
        while true {
            skipSpace()
            values.append(try value())
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw error("\",\" or \"]\" is expected") }
            depth -= 1
            return .array(values)
        }
    }

    private mutating func enter() throws(JSONError) {
        guard depth < Self.depth else { throw error("it is nested more than \(Self.depth) deep") }
        depth += 1
        offset += 1
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func number() throws(JSONError) -> String {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > start else { throw error("a digit is expected") }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        try skipPlain()
        if bytes[offset] == UInt8(ascii: "\"") {
            defer { offset += 1 }
            return try text(bytes[start..<offset], start)
        }
        var unescaped = Array(bytes[start..<offset])
        while !take(UInt8(ascii: "\"")) {
            offset += 1  // the backslash
            try escape(into: &unescaped)
            let from = offset
            try skipPlain()
            unescaped.append(contentsOf: bytes[from..<offset])
        }
        return try text(unescaped[...], start)
    }

    /// Up to a quote or a backslash.
    private mutating func skipPlain() throws(JSONError) {
        offset = endOfPlain()
        guard offset < bytes.count else { throw error("it ends within a string") }
        guard bytes[offset] >= 0x20 else { throw error("a control character in a string has to be escaped") }
    }

    /// The next quote, backslash or control character, or the end.
    private func endOfPlain() -> Int {
        let span = bytes.span
        var place = offset
        while place < span.count {
            let byte = span[place]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            place += 1
        }
        return place
    }

    private func text(_ bytes: ArraySlice<UInt8>, _ start: Int) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSONError(offset: start, message: "this string is not valid UTF-8")
        }
        return text
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        guard offset < bytes.count else { throw error("it ends within a string") }
        let letter = bytes[offset]
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0c)
        case UInt8(ascii: "n"): unescaped.append(0x0a)
        case UInt8(ascii: "r"): unescaped.append(0x0d)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = Unicode.Scalar(try codePoint()) else { throw error("half of a surrogate pair") }
            unescaped.append(contentsOf: String(scalar).utf8)
        default:
            offset -= 1
            throw error("there is no such escape")
        }
    }

    /// A code point of one escape, or of two that are a surrogate pair; half a pair comes back as it is.
    private mutating func codePoint() throws(JSONError) -> UInt32 {
        let first = try unit()
        guard (0xd800..<0xdc00).contains(first), bytes[offset...].starts(with: "\\u".utf8) else { return first }
        offset += 2
        let second = try unit()
        guard (0xdc00..<0xe000).contains(second) else { return first }
        return 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
    }

    private mutating func unit() throws(JSONError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw error("it ends within an escape") }
        var unit: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hex digits are expected")
            }
            unit = unit << 4 | UInt32(digit)
        }
        offset += 4
        return unit
    }
}

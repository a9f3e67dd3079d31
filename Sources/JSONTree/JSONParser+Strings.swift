// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// The string whose opening quote the parser stands at.
    mutating func string() throws(JSONError) -> String {
        let open = offset
        let quote = bytes[open]
        offset += 1
        let start = offset
        try skipPlain(open)
        if bytes[offset] == quote {
            defer { offset += 1 }
            return try text(bytes[start..<offset], open)
        }
        var unescaped = Array(bytes[start..<offset])
        while !take(quote) {
            offset += 1  // the backslash
            guard offset < bytes.count else { throw unclosed(open) }
            try escape(into: &unescaped)
            let from = offset
            try skipPlain(open)
            unescaped.append(contentsOf: bytes[from..<offset])
        }
        return try text(unescaped[...], open)
    }

    private func unclosed(_ open: Int) -> JSONError { error("this string is never closed", at: open) }

    /// Up to the closing quote or a backslash.
    private mutating func skipPlain(_ open: Int) throws(JSONError) {
        while true {
            offset = endOfPlain(bytes[open])
            guard offset < bytes.count else { throw unclosed(open) }
            guard bytes[offset] < 0x20 else { return }
            switch bytes[offset] {
            case 0x0a where syntax == .json5, 0x0d where syntax == .json5:
                throw error("this string is not closed on its line", at: open)
            case _ where syntax == .json5: offset += 1
            default: throw error("a control character in a string has to be escaped")
            }
        }
    }

    /// The next closing quote, backslash or control character, or the end.
    private func endOfPlain(_ quote: UInt8) -> Int {
        let span = bytes.span
        var place = offset
        while place < span.count {
            let byte = span[place]
            if byte == quote || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            place += 1
        }
        return place
    }

    private func text(_ bytes: ArraySlice<UInt8>, _ open: Int) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error("this string is not valid UTF-8", at: open)
        }
        return text
    }

    // MARK: Escapes

    /// The parser stands behind the backslash, and not at the end.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
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
            guard syntax == .json5 else { throw error("unknown escape") }
            try escape5(letter, into: &unescaped)
        }
    }

    /// What JSON5 knows beside. The parser stands at the letter.
    private mutating func escape5(_ letter: UInt8, into unescaped: inout [UInt8]) throws(JSONError) {
        switch letter {
        case UInt8(ascii: "v"):
            offset += 1
            unescaped.append(0x0b)
        case UInt8(ascii: "x"):
            offset += 1
            let code = UInt8(truncatingIfNeeded: try hexDigits(2))
            unescaped.append(contentsOf: String(Unicode.Scalar(code)).utf8)
        case UInt8(ascii: "0") where offset + 1 >= bytes.count || !JSON.isDigit(bytes[offset + 1]):
            offset += 1
            unescaped.append(0)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): throw error("a digit cannot be escaped")
        default:
            // The string goes on in the next line; anything else stands for itself.
            if let length = lineEnd() {
                offset += length
            } else if letter < 0x80 {
                offset += 1
                unescaped.append(letter)
            }
        }
    }

    /// A code point of one escape, or of two that are a surrogate pair; half a pair comes back as it is.
    private mutating func codePoint() throws(JSONError) -> UInt32 {
        let first = try hexDigits(4)
        guard (0xd800..<0xdc00).contains(first), bytes[offset...].starts(with: "\\u".utf8) else { return first }
        offset += 2
        let second = try hexDigits(4)
        guard (0xdc00..<0xe000).contains(second) else { return first }
        return 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
    }

    mutating func hexDigits(_ count: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard offset < bytes.count, let digit = bytes[offset].hexDigit else {
                throw error("expected \(count) hex digits")
            }
            value = value << 4 | digit
            offset += 1
        }
        return value
    }
}

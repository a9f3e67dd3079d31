// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// White space, and in JSON5 comments.
    mutating func skipSpace() throws(JSONError) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0a, 0x0d, 0x09: offset += 1
            default:
                guard syntax == .json5, try skipSpace5() else { return }
            }
        }
    }

    /// One piece of what only JSON5 takes for white space; false if there is none.
    private mutating func skipSpace5() throws(JSONError) -> Bool {
        switch bytes[offset] {
        case 0x0b, 0x0c: offset += 1
        case UInt8(ascii: "/"): try skipComment()
        case 0x80...:
            guard let scalar = scalar(), Self.isSpace(scalar) else { return false }
            offset += UTF8.width(scalar)
        default: return false
        }
        return true
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{feff}", "\u{2028}", "\u{2029}": true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }

    private mutating func skipComment() throws(JSONError) {
        let start = offset
        offset += 1
        if take(UInt8(ascii: "/")) {
            while offset < bytes.count, lineEnd() == nil { offset += 1 }
        } else if take(UInt8(ascii: "*")) {
            while offset + 1 < bytes.count {
                if bytes[offset] == UInt8(ascii: "*"), bytes[offset + 1] == UInt8(ascii: "/") {
                    offset += 2
                    return
                }
                offset += 1
            }
            throw error("this comment is never closed", at: start)
        } else {
            throw error("a comment begins with \"//\" or \"/*\"", at: start)
        }
    }

    /// The length of the line terminator here, in bytes: LF, CR LF, CR, U+2028 or U+2029. nil if there is none.
    func lineEnd() -> Int? {
        guard offset < bytes.count else { return nil }
        switch bytes[offset] {
        case 0x0a: return 1
        case 0x0d: return offset + 1 < bytes.count && bytes[offset + 1] == 0x0a ? 2 : 1
        case 0xe2 where offset + 2 < bytes.count && bytes[offset + 1] == 0x80 && bytes[offset + 2] & 0xfe == 0xa8:
            return 3
        default: return nil
        }
    }

    /// The character that begins here; nil at the end, and for what is not UTF-8.
    private func scalar() -> Unicode.Scalar? {
        var following = bytes[offset..<min(offset + 4, bytes.count)].makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let scalar) = decoder.decode(&following) else { return nil }
        return scalar
    }

    // MARK: Names without quotes

    /// A member's name without quotes: an IdentifierName of ECMAScript 5.1.
    mutating func identifier() throws(JSONError) -> String {
        var name = String.UnicodeScalarView()
        while offset < bytes.count {
            let start = offset
            if take(UInt8(ascii: "\\")) {
                guard take(UInt8(ascii: "u")) else { throw error("unknown escape", at: start) }
                guard let scalar = Unicode.Scalar(try hexDigits(4)), Self.isIn(name, scalar) else {
                    throw error("a name without quotes cannot have this character", at: start)
                }
                name.append(scalar)
            } else {
                guard let scalar = scalar(), Self.isIn(name, scalar) else { break }
                name.append(scalar)
                offset += UTF8.width(scalar)
            }
        }
        guard !name.isEmpty else { throw error("expected a member's name") }
        return String(name)
    }

    /// Whether a name that begins like this may go on with this character.
    private static func isIn(_ name: String.UnicodeScalarView, _ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            let byte = UInt8(scalar.value)
            if (byte | 0x20).isBetween("a", "z") || scalar == "$" || scalar == "_" { return true }
            return !name.isEmpty && JSON.isDigit(byte)
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber:
            return true
        case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return !name.isEmpty
        default: return !name.isEmpty && (scalar == "\u{200c}" || scalar == "\u{200d}")
        }
    }
}

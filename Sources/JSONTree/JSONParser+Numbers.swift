// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// A number, in the spelling of JSON.
    mutating func number() throws(JSONError) -> String {
        let start = offset
        let isNegative = take(UInt8(ascii: "-"))
        if syntax == .json5 {
            if !isNegative { _ = take(UInt8(ascii: "+")) }
            if let special = try specialNumber(isNegative) { return special }
        }
        let whole = offset
        if take(UInt8(ascii: "0")) {
            if offset < bytes.count, JSON.isDigit(bytes[offset]) {
                throw error("a number cannot begin with 0; octal numbers are strings, such as \"0660\"", at: whole)
            }
        } else if syntax == .json, !skipDigits() {
            throw error("expected a digit")
        } else {
            _ = skipDigits()
        }
        let point = offset
        var fraction = offset..<offset
        if take(UInt8(ascii: ".")) {
            let hasDigits = skipDigits()
            // JSON5 lets one side of the point be empty, not both.
            guard hasDigits || syntax == .json5 && point > whole else { throw error("expected a digit") }
            fraction = point + 1..<offset
        } else if point == whole {
            throw error("expected a digit")
        }
        let exponent = offset
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() else { throw error("expected a digit") }
        }
        if syntax == .json { return String(decoding: bytes[start..<offset], as: UTF8.self) }
        var text = isNegative ? "-" : ""
        text += point == whole ? "0" : String(decoding: bytes[whole..<point], as: UTF8.self)
        if !fraction.isEmpty { text += "." + String(decoding: bytes[fraction], as: UTF8.self) }
        return text + String(decoding: bytes[exponent..<offset], as: UTF8.self)
    }

    private mutating func skipDigits() -> Bool {
        let start = offset
        while offset < bytes.count, JSON.isDigit(bytes[offset]) { offset += 1 }
        return offset > start
    }

    /// The numbers that only JSON5 has, behind their sign; nil if it is a decimal one.
    private mutating func specialNumber(_ isNegative: Bool) throws(JSONError) -> String? {
        guard offset < bytes.count else { return nil }
        switch bytes[offset] {
        case UInt8(ascii: "I"):
            _ = try word("Infinity", .null)
            return isNegative ? "-Infinity" : "Infinity"
        case UInt8(ascii: "N"):
            _ = try word("NaN", .null)
            return "NaN"
        case UInt8(ascii: "0") where offset + 1 < bytes.count && bytes[offset + 1] | 0x20 == UInt8(ascii: "x"):
            let start = offset
            offset += 2
            let digits = offset
            while offset < bytes.count, bytes[offset].hexDigit != nil { offset += 1 }
            guard offset > digits else { throw error("expected a hex digit") }
            let text = String(decoding: bytes[digits..<offset], as: UTF8.self)
            if let value = UInt64(text, radix: 16) { return (isNegative ? "-" : "") + String(value) }
            guard let value = Double("0x" + text), value.isFinite else { throw error("too large a number", at: start) }
            return (isNegative ? "-" : "") + value.description
        default: return nil
        }
    }
}

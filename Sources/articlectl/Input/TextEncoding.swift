// SPDX-License-Identifier: Apache-2.0

/// The Unicode encodings of files. What is none of them is refused where the text is read.
enum TextEncoding: Equatable, Sendable {
    case utf8, utf16LE, utf16BE, utf32

    /// By the byte order mark; or by the zeros around the first bracket of JSON, as RFC 4627 has it.
    init(beginningWith bytes: [UInt8]) {
        func starts(_ mark: [UInt8]) -> Bool { bytes.starts(with: mark) }
        if starts([0xff, 0xfe, 0, 0]) || starts([0, 0, 0xfe, 0xff]) {
            self = .utf32
        } else if starts([0xff, 0xfe]) {
            self = .utf16LE
        } else if starts([0xfe, 0xff]) {
            self = .utf16BE
        } else if bytes.count >= 4, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes[0]), bytes[1] == 0,
            bytes[2] != 0
        {
            self = .utf16LE
        } else if bytes.count >= 4, bytes[0] == 0, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes[1]),
            bytes[2] == 0
        {
            self = .utf16BE
        } else {
            self = .utf8
        }
    }
}

/// Turns UTF-16 into UTF-8, piece by piece.
struct UTF16Decoder {
    private let isBigEndian: Bool
    /// The first byte of a code unit whose second comes with the next piece.
    private var half: UInt8?
    /// The first half of a surrogate pair.
    private var high: UInt32?

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    /// Whether nothing is left over.
    var isComplete: Bool { half == nil && high == nil }

    /// - Returns: false if a surrogate stands alone.
    mutating func decode(_ bytes: [UInt8], into text: inout [UInt8]) -> Bool {
        text.reserveCapacity(text.count + bytes.count)
        for byte in bytes {
            guard let first = half else {
                half = byte
                continue
            }
            half = nil
            let unit = isBigEndian ? UInt32(first) << 8 | UInt32(byte) : UInt32(byte) << 8 | UInt32(first)
            guard append(unit, to: &text) else { return false }
        }
        return true
    }

    private mutating func append(_ unit: UInt32, to text: inout [UInt8]) -> Bool {
        var value = unit
        if let first = high {
            guard (0xdc00...0xdfff).contains(unit) else { return false }
            value = 0x10000 + (first - 0xd800) << 10 + (unit - 0xdc00)
            high = nil
        } else if (0xd800...0xdbff).contains(unit) {
            high = unit
            return true
        }
        guard let scalar = Unicode.Scalar(value) else { return false }
        text.append(contentsOf: UTF8.encode(scalar)!)
        return true
    }
}

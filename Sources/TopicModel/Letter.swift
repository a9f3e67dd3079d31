// SPDX-License-Identifier: Apache-2.0
import CUTF8Proc

/// The meaning of a code point for the scanner, packed into 32 bits to keep the table of Latin letters small.
///
/// A letter is split into its base and its marks, because Vietnamese has several equivalent spellings: composed (NFC),
/// decomposed (NFD), and with the tone on either vowel of `oa`, `oe`, `uy`.
struct Letter {
    enum Kind: UInt32 {
        case other = 0
        case letter = 1
        case digit = 2
        case mark = 3
        case tone = 4
        /// Has more than one mark besides a tone, or is outside the table. utf8proc decomposes it.
        case rare = 5
    }

    /// base: bits 0-15, mark: 16-23, tone: 24-26, kind: 28-31.
    let bits: UInt32

    init(_ kind: Kind, base: UInt32 = 0, mark: UInt32 = 0, tone: UInt32 = 0) {
        bits = (base & 0xffff) | (mark & 0xff) << 16 | (tone & 7) << 24 | kind.rawValue << 28
    }

    init(bits: UInt32) { self.bits = bits }

    var kind: UInt32 { bits >> 28 }
    var base: UInt32 { bits & 0xffff }
    var mark: UInt32 { (bits >> 16) & 0xff }
    var tone: UInt32 { (bits >> 24) & 7 }

    /// The stroke of đ. It is not a combining mark in Unicode, but the plain letter is d.
    static let stroke: UInt32 = 0xff

    /// The five marks that are tones: grave, acute, tilde, hook above, dot below. 0 for other marks.
    static func tone(of mark: UInt32) -> UInt32 {
        switch mark {
        case 0x300: 1
        case 0x301: 2
        case 0x303: 3
        case 0x309: 4
        case 0x323: 5
        default: 0
        }
    }

    /// Looks a code point up in Unicode's tables.
    init(describing codePoint: UInt32) {
        switch codePoint {
        case 0x110, 0x111, 0xd0, 0xf0:  // Ð (eth) is what many keyboards and fonts gave for Đ
            self.init(.letter, base: 0x64, mark: Letter.stroke)
            return
        case 0x300...0x36f:
            let tone = Letter.tone(of: codePoint)
            self = tone > 0 ? .init(.tone, tone: tone) : .init(.mark, mark: codePoint - 0x300 + 1)
            return
        default: break
        }
        guard let scalar = Int32(exactly: codePoint) else {
            self.init(.other)
            return
        }
        let category = utf8proc_category(scalar)
        if category == UTF8PROC_CATEGORY_ND {
            self.init(.digit)
            return
        }
        let letters = [
            UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM,
            UTF8PROC_CATEGORY_LO,
        ]
        guard letters.contains(where: { $0 == category }) else {
            self.init(.other)
            return
        }
        let parts = Letter.decomposition(of: scalar)
        guard let first = parts.first, first <= 0xffff else {
            self.init(.rare)
            return
        }
        var mark: UInt32 = 0
        var tone: UInt32 = 0
        for part in parts.dropFirst() {
            let known = Letter.tone(of: part)
            if known > 0, tone == 0 {
                tone = known
            } else if (0x300...0x36f).contains(part), known == 0, mark == 0 {
                mark = part - 0x300 + 1
            } else {
                self.init(.rare)
                return
            }
        }
        self.init(.letter, base: first, mark: mark, tone: tone)
    }

    /// The code point in lower case, with compatibility decomposition; at most 32 code points.
    static func decomposition(of scalar: Int32) -> [UInt32] {
        var parts = [Int32](repeating: 0, count: 32)
        var boundClass: Int32 = 0
        let options = utf8proc_option_t(
            UTF8PROC_COMPAT.rawValue | UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_CASEFOLD.rawValue)
        let count = unsafe parts.withUnsafeMutableBufferPointer { buffer in
            unsafe utf8proc_decompose_char(
                scalar, buffer.baseAddress, utf8proc_ssize_t(buffer.count), options, &boundClass)
        }
        guard count > 0, count <= parts.count else { return [] }
        return parts[..<count].compactMap { UInt32(exactly: $0) }
    }

    /// Letters up to U+024F and U+1E00 to U+1EFF, combining marks up to U+036F: everything that Vietnamese needs.
    static let table: [UInt32] = {
        var table = [UInt32](repeating: 0, count: tableCount)
        for index in 0..<0x370 { table[index] = Letter(describing: UInt32(index)).bits }
        for index in 0..<0x100 { table[0x370 + index] = Letter(describing: 0x1e00 + UInt32(index)).bits }
        return table
    }()

    static let tableCount = 0x370 + 0x100
}

/// Decodes code points from UTF-8 that may be invalid.
enum CodePoint {
    /// Decodes a code point of two to four bytes at `position`, and returns it with its size. Invalid UTF-8 gives
    /// U+FFFD and one byte.
    @inline(__always)
    static func decode(_ bytes: UnsafePointer<UInt8>, at position: Int, size: Int) -> (UInt32, Int) {
        // Each index is below `size`: checked before it is read.
        let first = unsafe UInt32(bytes[position])
        if first >= 0xc2, first < 0xe0, position + 1 < size {
            let second = unsafe UInt32(bytes[position + 1])
            if second & 0xc0 == 0x80 { return ((first & 0x1f) << 6 | second & 0x3f, 2) }
        } else if first >= 0xe0, first < 0xf0, position + 2 < size {
            let second = unsafe UInt32(bytes[position + 1])
            let third = unsafe UInt32(bytes[position + 2])
            let codePoint = (first & 0x0f) << 12 | (second & 0x3f) << 6 | third & 0x3f
            if second & 0xc0 == 0x80, third & 0xc0 == 0x80, codePoint >= 0x800, codePoint & 0xf800 != 0xd800 {
                return (codePoint, 3)
            }
        } else if first >= 0xf0, first < 0xf5, position + 3 < size {
            let second = unsafe UInt32(bytes[position + 1])
            let third = unsafe UInt32(bytes[position + 2])
            let fourth = unsafe UInt32(bytes[position + 3])
            let high = (first & 0x07) << 18 | (second & 0x3f) << 12
            let codePoint = high | (third & 0x3f) << 6 | fourth & 0x3f
            if second & 0xc0 == 0x80, third & 0xc0 == 0x80, fourth & 0xc0 == 0x80,
                (0x10000...0x10ffff).contains(codePoint)
            {
                return (codePoint, 4)
            }
        }
        return (0xfffd, 1)
    }
}

/// An HTML character reference, left over in text copied from a web page.
struct Entity {
    /// The character, or its base letter.
    let codePoint: UInt32
    /// The combining mark of a named letter: `&agrave;` is a and U+0300.
    let mark: UInt32?
    /// Its size in bytes, with `&` and `;`.
    let size: Int

    /// Decodes the reference that begins with `&` at `position`; nil if it is not a reference. It reads at most 12
    /// bytes.
    @inline(never)
    init?(at position: Int, in bytes: UnsafePointer<UInt8>, size: Int) {
        let limit = min(size, position + 12)
        var end = position + 1
        // Indices stay below `limit`, which is at most `size`.
        while end < limit, unsafe bytes[end] != 0x3b { end += 1 }
        guard end < limit, end > position + 2 else { return nil }
        let name = unsafe UnsafeBufferPointer(start: bytes + position + 1, count: end - position - 1)
        self.size = end - position + 1
        if unsafe name[0] == 0x23 {
            let isHexadecimal = unsafe name[1] | 0x20 == 0x78
            let digits = unsafe name.dropFirst(isHexadecimal ? 2 : 1)
            guard let text = unsafe String(validating: digits, as: UTF8.self),
                let value = UInt32(text, radix: isHexadecimal ? 16 : 10), value <= 0x10ffff
            else { return nil }
            codePoint = value
            mark = nil
            return
        }
        guard let text = unsafe String(validating: name, as: UTF8.self),
            text.utf8.allSatisfy({ (0x61...0x7a).contains($0 | 0x20) })
        else { return nil }
        let first = unsafe UInt32(name[0])
        switch text.dropFirst() {
        case "grave": mark = 0x300
        case "acute": mark = 0x301
        case "circ": mark = 0x302
        case "tilde": mark = 0x303
        default:
            // Any other name (&nbsp; &quot; &amp;) separates words.
            codePoint = 0x20
            mark = nil
            return
        }
        codePoint = first
    }

    /// The position of the `>` of a tag that begins with `<` at `position`; nil if it is not a tag.
    @inline(never)
    static func endOfTag(at position: Int, in bytes: UnsafePointer<UInt8>, size: Int) -> Int? {
        let limit = min(size, position + 512)
        guard position + 1 < limit else { return nil }
        // Indices stay below `limit`, which is at most `size`.
        let next = unsafe bytes[position + 1]
        guard (0x61...0x7a).contains(next | 0x20) || next == 0x2f || next == 0x21 else { return nil }
        var end = position + 1
        while end < limit {
            if unsafe bytes[end] == 0x3e { return end }
            if unsafe bytes[end] == 0x3c { return nil }
            end += 1
        }
        return nil
    }
}

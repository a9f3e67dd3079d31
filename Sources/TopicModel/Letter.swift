import CUTF8Proc

/// What one code point means to the scanner, packed into 32 bits so that the table of the Latin letters stays small.
///
/// A letter is taken apart into its base and its marks, because Vietnamese is written in many ways that mean the
/// same: composed (NFC), decomposed (NFD), and with the tone on either vowel of `oa`, `oe`, `uy`.
struct Letter {
    enum Kind: UInt32 {
        case other = 0
        case letter = 1
        case digit = 2
        case mark = 3
        case tone = 4
        /// Takes more than one mark besides a tone, or lies beyond the table: utf8proc decides.
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

    /// The stroke of đ: not a combining mark of Unicode, but the plain letter is d all the same.
    static let stroke: UInt32 = 0xff

    /// The five marks that are tones: grave, acute, tilde, hook above, dot below. Answers 0 for others.
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

    /// The code point folded to lower case and decomposed for compatibility; at most 32 code points.
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

    /// Letters up to U+024F and U+1E00 to U+1EFF, combining marks up to U+036F: all that Vietnamese needs.
    static let table: [UInt32] = {
        var table = [UInt32](repeating: 0, count: tableCount)
        for index in 0..<0x370 { table[index] = Letter(describing: UInt32(index)).bits }
        for index in 0..<0x100 { table[0x370 + index] = Letter(describing: 0x1e00 + UInt32(index)).bits }
        return table
    }()

    static let tableCount = 0x370 + 0x100
}

// SPDX-License-Identifier: Apache-2.0
internal import CUTF8Proc

/// What one code point means for the tokenizer.
struct Letter {
    enum Kind: UInt8 {
        /// Separates words.
        case other
        case letter
        case digit
        /// A combining mark that belongs to the letter before it.
        case mark
        /// A combining mark that is a tone in Vietnamese.
        case tone
        /// A character that is a word by itself: Chinese, Japanese kana.
        case ideograph
        /// Does not end a word, and is no part of it: soft hyphen, joiners, byte order mark.
        case invisible
        case apostrophe
        /// A letter that is written in more bytes than fit here. ``LetterParts`` has them.
        case rare
    }

    let kind: Kind
    /// The sign of the tone, or 0.
    let tone: UInt8
    /// The letter in lower case, with its marks, but without its tone.
    let exact: ShortBytes
    /// The letter without marks, in ASCII if it is Latin.
    let folded: ShortBytes

    init(_ kind: Kind, tone: UInt8 = 0, exact: ShortBytes = ShortBytes(), folded: ShortBytes = ShortBytes()) {
        self.kind = kind
        self.tone = tone
        self.exact = exact
        self.folded = folded
    }

    /// The sign that a tone has at the end of an exact term; 0 for a mark that is not a tone. No term contains these signs
    /// otherwise.
    static func toneSign(of mark: UInt32) -> UInt8 {
        switch mark {
        case 0x300, 0x340: UInt8(ascii: "`")
        case 0x301, 0x341: UInt8(ascii: "'")
        case 0x303: UInt8(ascii: "~")
        case 0x309: UInt8(ascii: "?")
        case 0x323: UInt8(ascii: ".")
        default: 0
        }
    }

    /// Looks up a code point.
    static func of(_ codePoint: UInt32) -> Letter {
        switch codePoint {
        case 0..<0x370: table[Int(codePoint)]
        case 0x1e00..<0x1f00: table[Int(codePoint) - 0x1e00 + 0x370]
        default: Letter(describing: codePoint)
        }
    }

    /// Latin letters up to U+024F and U+1E00 to U+1EFF, combining marks up to U+036F: all of Vietnamese.
    private static let table: [Letter] =
        (0..<0x370).map { Letter(describing: $0) }
        + (0x1e00..<0x1f00).map { Letter(describing: $0) }

    /// Looks a code point up in Unicode's tables.
    init(describing codePoint: UInt32) {
        switch codePoint {
        case 0x300...0x36f:
            let sign = Letter.toneSign(of: codePoint)
            self.init(sign == 0 ? .mark : .tone, tone: sign)
            return
        case 0x27, 0x60, 0xb4, 0x2018, 0x2019, 0x201b, 0x2032, 0x2bc, 0x2b9, 0xff07:
            self.init(.apostrophe)
            return
        case 0xad, 0x200b...0x200f, 0x2060, 0xfeff, 0xfe00...0xfe0f:
            self.init(.invisible)
            return
        case 0x30...0x39:
            self.init(.digit, exact: ShortBytes(UInt8(codePoint)), folded: ShortBytes(UInt8(codePoint)))
            return
        default: break
        }
        guard let kind = Letter.kind(of: codePoint) else {
            self.init(.other)
            return
        }
        guard kind != .mark else {
            self.init(.mark)
            return
        }
        let parts = LetterParts(codePoint)
        guard !parts.folded.isEmpty else {
            self.init(.other)
            return
        }
        guard parts.tones.count <= 1, let exact = ShortBytes(parts.exact), let folded = ShortBytes(parts.folded) else {
            self.init(.rare)
            return
        }
        self.init(kind, tone: parts.tones.first ?? 0, exact: exact, folded: folded)
    }

    private static func kind(of codePoint: UInt32) -> Kind? {
        guard let scalar = Int32(exactly: codePoint), codePoint <= 0x10ffff else { return nil }
        switch utf8proc_category(scalar) {
        case UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM:
            return .letter
        case UTF8PROC_CATEGORY_LO: return isIdeograph(codePoint) ? .ideograph : .letter
        case UTF8PROC_CATEGORY_ND: return .digit
        case UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC: return .mark
        default: return nil
        }
    }

    private static func isIdeograph(_ codePoint: UInt32) -> Bool {
        switch codePoint {
        case 0x3040...0x30ff, 0x3400...0x9fff, 0xf900...0xfaff, 0x20000...0x3ffff: true
        default: false
        }
    }
}

/// Up to seven bytes.
struct ShortBytes: Equatable, Hashable {
    private let bits: UInt64

    init() { bits = 0 }

    init(_ byte: UInt8) { bits = UInt64(byte) | 1 << 56 }

    init?(_ bytes: [UInt8]) {
        guard bytes.count <= 7 else { return nil }
        bits = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } | UInt64(bytes.count) << 56
    }

    var count: Int { Int(bits >> 56) }

    @inline(__always)
    func append(to bytes: inout [UInt8]) {
        var rest = bits
        for _ in 0..<count {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}

/// The parts of a letter, without a limit to their size.
struct LetterParts {
    private(set) var exact: [UInt8] = []
    private(set) var folded: [UInt8] = []
    private(set) var tones: [UInt8] = []

    /// Decomposes a code point. Letters and their marks are joined again in one way only, so that all normal forms give the
    /// same.
    init(_ codePoint: UInt32) {
        var last: UInt32?
        for part in Self.decomposition(of: codePoint) {
            let sign = Letter.toneSign(of: part)
            if sign != 0, last != nil {
                tones.append(sign)
            } else if let mark = Self.mark(part) {
                if let letter = last, let composed = Composition.of(letter, mark) {
                    exact.removeLast(Self.utf8(letter).count)
                    exact.append(contentsOf: Self.utf8(composed))
                    last = composed
                } else {
                    exact.append(contentsOf: Self.utf8(part))
                }
            } else {
                exact.append(contentsOf: Self.utf8(part))
                folded.append(contentsOf: Self.folded(part))
                last = part
            }
        }
    }

    /// The code point in lower case and decomposed, also where it is only compatible (ﬁ, full width); đ stays a letter.
    static func decomposition(of codePoint: UInt32) -> [UInt32] {
        switch codePoint {
        case 0x110, 0x111, 0xd0, 0xf0: return [0x111]  // Ð (eth) is what many keyboards and fonts gave for Đ
        default: break
        }
        guard let scalar = Int32(exactly: codePoint) else { return [] }
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

    private static func mark(_ part: UInt32) -> UInt32? {
        guard let scalar = Int32(exactly: part) else { return nil }
        let category = utf8proc_category(scalar)
        return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ? part : nil
    }

    /// Letters that Unicode does not decompose.
    private static func folded(_ letter: UInt32) -> [UInt8] {
        switch letter {
        case 0x111, 0x256: Array("d".utf8)
        case 0xe6: Array("ae".utf8)
        case 0x153: Array("oe".utf8)
        case 0xf8: Array("o".utf8)
        case 0x142: Array("l".utf8)
        case 0x127: Array("h".utf8)
        case 0x131: Array("i".utf8)
        case 0xfe: Array("th".utf8)
        default: utf8(letter)
        }
    }

    static func utf8(_ codePoint: UInt32) -> [UInt8] {
        Unicode.Scalar(codePoint).map { Array(String($0).utf8) } ?? []
    }
}

/// Joins a Latin letter and one mark to one letter.
enum Composition {
    private struct Key: Hashable {
        let letter: UInt32
        let mark: UInt32
    }

    /// nil if there is no such letter. Tones do not count: they are not joined.
    static func of(_ letter: UInt32, _ mark: UInt32) -> UInt32? { table[Key(letter: letter, mark: mark)] }

    private static let table: [Key: UInt32] = {
        var table: [Key: UInt32] = [:]
        for codePoint in Array(UInt32(0xc0)..<0x250) + Array(0x1e00..<0x1f00) {
            let parts = LetterParts.decomposition(of: codePoint)
            guard parts.count == 2, Letter.toneSign(of: parts[1]) == 0, (0x300...0x36f).contains(parts[1]) else {
                continue
            }
            // Capitals come first and decompose into small letters, which follow.
            table[Key(letter: parts[0], mark: parts[1])] = codePoint
        }
        return table
    }()
}

// SPDX-License-Identifier: Apache-2.0
import CScoring

/// Splits UTF-8 text into syllables, in one pass and without creating strings.
///
/// It folds case, and splits letters into base, marks and tone. NFC and NFD, old and new tone placement, and capitals
/// are therefore equal. It decodes HTML entities and skips tags. Invalid UTF-8 separates words.
///
/// Words that it has seen before come from a cache by their bytes.
@safe struct SyllableScanner: ~Copyable {
    /// `Letter.table`, which lives as long as the process.
    private let table: UnsafePointer<UInt32>
    private let known = KnownSyllables()
    private let remembers: Bool
    private var open: OpenSyllable?

    /// `remembers`: false scans each word anew, with the same result.
    init(remembers: Bool = true) {
        unsafe table = ScorerTables.letters
        self.remembers = remembers
    }

    /// Scans a whole text and adds a border at its end. `number` is the number of the text in places: 0 to 255.
    mutating func scan(_ text: UnsafeRawBufferPointer, number: UInt64, into syllables: inout Syllables) {
        guard !syllables.isFull, let bytes = unsafe text.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return
        }
        // Places have 28 bits for a position.
        let size = min(text.count, (1 << 28) - 1)
        open = nil
        var position = 0
        // Every read of `bytes` below is at an index that was compared with `size` before.
        while position < size {
            position = unsafe takeWord(of: bytes, from: position, size: size, number: number, into: &syllables)
            guard position < size else { break }
            let byte = unsafe bytes[position]
            if byte == 0x26, let entity = unsafe Entity(at: position, in: bytes, size: size) {
                take(entity.codePoint, at: position, number: number, into: &syllables)
                if let mark = entity.mark { take(mark, at: position, number: number, into: &syllables) }
                position += entity.size
            } else {
                close(at: position, number: number, into: &syllables)
                if byte == 0x3c, let end = unsafe Entity.endOfTag(at: position, in: bytes, size: size) {
                    position = end
                }
                if byte != 0x20, SyllableScanner.isBorder(byte) { syllables.addBorder() }
                position += 1
            }
            if syllables.isFull { return }
        }
        close(at: size, number: number, into: &syllables)
        syllables.addBorder()
    }

    /// Scans the letters, digits and non-ASCII characters from `position` on, and returns their end.
    @inline(__always)
    private mutating func takeWord(
        of bytes: UnsafePointer<UInt8>, from position: Int, size: Int, number: UInt64, into syllables: inout Syllables
    ) -> Int {
        // A syllable that began with an entity is not a whole word. Near the end of the text, 16 bytes are not
        // readable.
        guard open == nil, size - position >= 16, remembers else {
            return unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        }
        let length = unsafe (~UInt32(cscoring_word_bytes(bytes + position))).trailingZeroBitCount
        if length == 0 { return position }
        // `position + length` is below `size` if there are at most 15. An entity may continue the syllable.
        guard length <= KnownSyllables.Spelling.maxBytes, unsafe bytes[position + length] != 0x26 else {
            return unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        }
        let spelling = unsafe KnownSyllables.Spelling(bytes + position, count: length)
        if let syllable = known.find(spelling) {
            syllables.add(syllable, from: position, to: position + length, number: number)
            return position + length
        }
        let before = syllables.count
        let end = unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        // Only a spelling that is exactly one syllable is cached.
        if let open, open.start == position, end == position + length, syllables.count == before {
            known.remember(spelling, open.ended)
        }
        return end
    }

    /// Scans the same, code point by code point.
    @inline(never)
    private mutating func takeApart(
        _ bytes: UnsafePointer<UInt8>, from start: Int, size: Int, number: UInt64, into syllables: inout Syllables
    ) -> Int {
        var position = start
        // Every read is at an index that was compared with `size` before.
        while position < size {
            let byte = unsafe bytes[position]
            if byte >= 0x80 {
                let (codePoint, length) = unsafe CodePoint.decode(bytes, at: position, size: size)
                take(codePoint, at: position, number: number, into: &syllables)
                position += length
                if syllables.isFull { break }
            } else {
                let letter = unsafe Letter(bits: table[Int(byte)])
                if letter.kind == Letter.Kind.letter.rawValue {
                    begin(at: position, byte)
                    open?.take(letter)
                } else if letter.kind == Letter.Kind.digit.rawValue {
                    begin(at: position)
                    open?.takeDigit(byte)
                } else {
                    break
                }
                position += 1
            }
        }
        return position
    }

    /// `. ! ? ; : , ( ) "`, line ends, tabs and tags end a phrase.
    @inline(__always)
    private static func isBorder(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0a, 0x0d, 0x09, 0x21, 0x22, 0x28, 0x29, 0x2c, 0x2e, 0x3a, 0x3b, 0x3c, 0x3f: true
        default: false
        }
    }

    /// Processes a non-ASCII code point, or one from an entity.
    private mutating func take(
        _ codePoint: UInt32, at position: Int, number: UInt64, into syllables: inout Syllables
    ) {
        let letter: Letter
        if codePoint < 0x370 {
            letter = unsafe Letter(bits: table[Int(codePoint)])
        } else if codePoint >= 0x1e00, codePoint < 0x1f00 {
            letter = unsafe Letter(bits: table[Int(codePoint - 0x1e00 + 0x370)])
        } else {
            letter = Letter(describing: codePoint)
        }
        switch Letter.Kind(rawValue: letter.kind) {
        case .letter:
            begin(at: position, codePoint)
            open?.take(letter)
        case .digit:
            begin(at: position)
            open?.takeDigit(UInt8(truncatingIfNeeded: codePoint))
        case .mark, .tone: open?.takeMarks(of: letter)
        case .rare:
            guard let scalar = Int32(exactly: codePoint) else { return }
            begin(at: position)
            open?.takeRare(scalar)
        case .other, nil:
            // A soft hyphen, a joiner or a byte order mark does not end a word.
            if codePoint == 0xad || (0x200b...0x200d).contains(codePoint) || codePoint == 0xfeff { return }
            close(at: position, number: number, into: &syllables)
            // Quotes, dashes and the ellipsis end a phrase; a no-break space does not.
            if (0x2010...0x2026).contains(codePoint) { syllables.addBorder() }
        }
    }

    @inline(__always)
    private mutating func begin(at position: Int) {
        if open == nil { open = OpenSyllable(at: position) }
    }

    /// Begins a syllable with a letter. Capitals beyond Latin-1 do not matter.
    @inline(__always)
    private mutating func begin(at position: Int, _ letter: some BinaryInteger) {
        if open == nil {
            let isCapital = (0x41...0x5a).contains(letter) || (0xc0...0xde).contains(letter)
            open = OpenSyllable(at: position, isCapital: isCapital)
        }
    }

    /// Finishes the open syllable, if there is one.
    @inline(__always)
    private mutating func close(at position: Int, number: UInt64, into syllables: inout Syllables) {
        guard let ended = open?.ended, let start = open?.start else { return }
        syllables.add(ended, from: start, to: position, number: number)
        open = nil
    }
}

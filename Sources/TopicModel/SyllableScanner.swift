import CScoring

/// Takes UTF-8 text apart into syllables, in one pass and without making strings.
///
/// It folds case, takes letters apart into base, marks and tone (so that NFC and NFD, old and new tone placement, and
/// capitals are all the same), reads HTML entities and steps over tags. Bytes that are no UTF-8 separate words.
///
/// A word that it has seen before it does not take apart again: its bytes say which syllable it is.
@safe struct SyllableScanner: ~Copyable {
    /// `Letter.table`, which lives as long as the process.
    private let table: UnsafePointer<UInt32>
    private let known = KnownSyllables()
    private let remembers: Bool
    private var open: OpenSyllable?

    /// `remembers`: false takes each word apart, with the same outcome.
    init(remembers: Bool = true) {
        unsafe table = ScorerTables.letters
        self.remembers = remembers
    }

    /// Reads a whole text, and ends with a border. `number` tells texts apart in places: 0 to 255.
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

    /// Takes the letters, digits and all else beyond ASCII that begin at `position`, and answers where they end.
    @inline(__always)
    private mutating func takeWord(
        of bytes: UnsafePointer<UInt8>, from position: Int, size: Int, number: UInt64, into syllables: inout Syllables
    ) -> Int {
        // What an entity has begun is no word by itself; near the text's end there are no 16 bytes to look at.
        guard open == nil, size - position >= 16, remembers else {
            return unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        }
        let length = unsafe (~UInt32(cscoring_word_bytes(bytes + position))).trailingZeroBitCount
        if length == 0 { return position }
        // `position + length` is below `size` if there are at most 15. An entity may go on with the syllable.
        guard length <= KnownSyllables.Spelling.mostBytes, unsafe bytes[position + length] != 0x26 else {
            return unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        }
        let spelling = unsafe KnownSyllables.Spelling(bytes + position, count: length)
        if let syllable = known.find(spelling) {
            syllables.add(syllable, from: position, to: position + length, number: number)
            return position + length
        }
        let before = syllables.count
        let end = unsafe takeApart(bytes, from: position, size: size, number: number, into: &syllables)
        // Only what is one syllable from the first byte to the last, and nothing else, is remembered.
        if let open, open.start == position, end == position + length, syllables.count == before {
            known.remember(spelling, open.ended)
        }
        return end
    }

    /// The same, code point by code point.
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
                    begin(at: position)
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

    /// Takes a code point from beyond ASCII, or from an entity.
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
            begin(at: position)
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
            // A soft hyphen, a joiner or a byte order mark stands inside a word without ending it.
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

    /// Ends the syllable being read, if there is one.
    @inline(__always)
    private mutating func close(at position: Int, number: UInt64, into syllables: inout Syllables) {
        guard let ended = open?.ended, let start = open?.start else { return }
        syllables.add(ended, from: start, to: position, number: number)
        open = nil
    }
}

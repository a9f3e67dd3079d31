/// Takes UTF-8 text apart into syllables, in one pass and without making strings.
///
/// It folds case, takes letters apart into base, marks and tone (so that NFC and NFD, old and new tone placement, and
/// capitals are all the same), reads HTML entities and steps over tags. Bytes that are no UTF-8 separate words.
@safe struct SyllableScanner {
    private let table: UnsafePointer<UInt32>

    // The syllable being read.
    private var isOpen = false
    private var start = 0
    private var marked = FeatureHash.start
    private var plain = FeatureHash.start
    private var tone: UInt32 = 0
    private var digits = 0
    private var hasLetter = false
    private var hasMark = false
    private var isVietnamese = false

    /// `table` is `Letter.table`, which must outlive the scanner.
    init(table: UnsafePointer<UInt32>) { unsafe self.table = unsafe table }

    /// Reads a whole text, and ends with a border. `number` tells texts apart in places: 0 to 255.
    mutating func scan(_ text: UnsafeRawBufferPointer, number: UInt64, into syllables: inout Syllables) {
        guard let bytes = unsafe text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        // Places have 28 bits for a position.
        let size = min(text.count, (1 << 28) - 1)
        var position = 0
        // Every read of `bytes` below is at an index that was compared with `size` before.
        while position < size {
            position = unsafe takeLetters(of: bytes, from: position, size: size)
            guard position < size else { break }
            let byte = unsafe bytes[position]
            if byte < 0x80 {
                let letter = unsafe Letter(bits: table[Int(byte)])
                if letter.kind == Letter.Kind.digit.rawValue {
                    takeDigit(byte, at: position)
                    position += 1
                } else if byte == 0x26, let entity = unsafe Entity(at: position, in: bytes, size: size) {
                    take(entity.codePoint, at: position, number: number, into: &syllables)
                    if let mark = entity.mark { take(mark, at: position, number: number, into: &syllables) }
                    position += entity.size
                } else {
                    close(at: position, number: number, into: &syllables)
                    if byte != 0x20 {
                        if byte == 0x3c, let end = unsafe Entity.endOfTag(at: position, in: bytes, size: size) {
                            position = end
                        }
                        if SyllableScanner.isBorder(byte) { syllables.addBorder() }
                    }
                    position += 1
                    if syllables.isFull { return }
                }
            } else {
                let (codePoint, length) = unsafe CodePoint.decode(bytes, at: position, size: size)
                take(codePoint, at: position, number: number, into: &syllables)
                position += length
                if syllables.isFull { return }
            }
        }
        close(at: size, number: number, into: &syllables)
        syllables.addBorder()
    }

    /// Takes the run of letters that begins at `position`, and answers where it ends. Nearly all text is such runs of
    /// ASCII and of Vietnamese letters: here what is known of the syllable stays in registers. Other letters end a run.
    @inline(__always)
    private mutating func takeLetters(
        of bytes: UnsafePointer<UInt8>, from position: Int, size: Int
    ) -> Int {
        var end = position
        var (marked, plain, tone) = (marked, plain, tone)
        var (hasMark, isVietnamese) = (hasMark, isVietnamese)
        // Every read is at an index that was compared with `size` before.
        while end < size {
            let byte = unsafe bytes[end]
            var length = 1
            var index = Int(byte)
            if byte >= 0x80 {
                if byte >= 0xc3, byte < 0xcd, end + 1 < size {  // U+00C0 to U+033F
                    let second = unsafe bytes[end + 1]
                    guard second & 0xc0 == 0x80 else { break }
                    index = Int(byte & 0x1f) << 6 | Int(second & 0x3f)
                    length = 2
                } else if byte == 0xe1, end + 2 < size {
                    let second = unsafe bytes[end + 1]
                    let third = unsafe bytes[end + 2]
                    guard second >= 0xb8, second < 0xbc, third & 0xc0 == 0x80 else { break }  // U+1E00 to U+1EFF
                    index = 0x370 + (Int(second & 0x03) << 6 | Int(third & 0x3f))
                    length = 3
                } else {
                    break
                }
            }
            let letter = unsafe Letter(bits: table[index])
            guard letter.kind == Letter.Kind.letter.rawValue else { break }
            marked = FeatureHash.step(marked, letter.base)
            plain = FeatureHash.step(plain, letter.base)
            if letter.bits & 0x7ff_0000 != 0 {
                SyllableScanner.take(letter, &marked, &tone, &hasMark, &isVietnamese)
            }
            end += length
        }
        guard end > position else { return position }
        open(at: position)
        hasLetter = true
        (self.marked, self.plain, self.tone) = (marked, plain, tone)
        (self.hasMark, self.isVietnamese) = (hasMark, isVietnamese)
        return end
    }

    /// Takes the mark and the tone of a letter that has one or both.
    @inline(__always)
    private static func take(
        _ letter: Letter, _ marked: inout UInt64, _ tone: inout UInt32, _ hasMark: inout Bool,
        _ isVietnamese: inout Bool
    ) {
        if letter.mark != 0 {
            marked = FeatureHash.step(marked, letter.mark + 0x300)
            isVietnamese = isVietnamese || tone != 0 || letter.mark == 0x1c || letter.mark == Letter.stroke
            hasMark = true
        }
        if letter.tone != 0 {
            // Vietnamese has one tone a syllable; more of them (résumé) still must count whatever their number.
            isVietnamese = isVietnamese || letter.tone >= 4 || (hasMark && tone == 0)
            tone = tone &* 8 &+ letter.tone
            hasMark = true
        }
    }

    /// `. ! ? ; : , ( ) "`, line ends, tabs and tags end a phrase.
    @inline(__always)
    private static func isBorder(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0a, 0x0d, 0x09, 0x21, 0x22, 0x28, 0x29, 0x2c, 0x2e, 0x3a, 0x3b, 0x3c, 0x3f: true
        default: false
        }
    }

    @inline(__always)
    private mutating func open(at position: Int) {
        guard !isOpen else { return }
        isOpen = true
        start = position
    }

    @inline(__always)
    private mutating func take(_ letter: Letter, at position: Int) {
        open(at: position)
        hasLetter = true
        marked = FeatureHash.step(marked, letter.base)
        plain = FeatureHash.step(plain, letter.base)
        SyllableScanner.take(letter, &marked, &tone, &hasMark, &isVietnamese)
    }

    private mutating func take(mark: UInt32) {
        SyllableScanner.take(Letter(.mark, mark: mark), &marked, &tone, &hasMark, &isVietnamese)
    }

    private mutating func take(tone new: UInt32) {
        SyllableScanner.take(Letter(.tone, tone: new), &marked, &tone, &hasMark, &isVietnamese)
    }

    @inline(__always)
    private mutating func takeDigit(_ digit: UInt8, at position: Int) {
        open(at: position)
        digits += 1
        marked = FeatureHash.step(marked, UInt32(digit))
        plain = FeatureHash.step(plain, UInt32(digit))
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
        case .letter: take(letter, at: position)
        case .digit: takeDigit(UInt8(truncatingIfNeeded: codePoint), at: position)
        case .mark: if isOpen { take(mark: letter.mark) }
        case .tone: if isOpen { take(tone: letter.tone) }
        case .rare: takeRare(codePoint, at: position)
        case .other, nil:
            // A soft hyphen, a joiner or a byte order mark stands inside a word without ending it.
            if codePoint == 0xad || (0x200b...0x200d).contains(codePoint) || codePoint == 0xfeff { return }
            close(at: position, number: number, into: &syllables)
            // Quotes, dashes and the ellipsis end a phrase; a no-break space does not.
            if (0x2010...0x2026).contains(codePoint) { syllables.addBorder() }
        }
    }

    private mutating func takeRare(_ codePoint: UInt32, at position: Int) {
        guard let scalar = Int32(exactly: codePoint) else { return }
        open(at: position)
        hasLetter = true
        for part in Letter.decomposition(of: scalar) {
            let tone = Letter.tone(of: part)
            if tone > 0 {
                take(tone: tone)
            } else if (0x300...0x36f).contains(part) {
                take(mark: part - 0x300 + 1)
            } else {
                marked = FeatureHash.step(marked, part)
                plain = FeatureHash.step(plain, part)
            }
        }
    }

    /// Ends the syllable being read, if there is one.
    @inline(__always)
    private mutating func close(at position: Int, number: UInt64, into syllables: inout Syllables) {
        guard isOpen else { return }
        let place = number << 56 | UInt64(truncatingIfNeeded: start) << 28 | UInt64(truncatingIfNeeded: position)
        if !hasLetter {
            let hash = FeatureHash.number(digits: digits)
            syllables.add(marked: hash, plain: hash, place: place)
        } else {
            syllables.add(
                marked: FeatureHash.finish(marked, tone: tone), plain: FeatureHash.finish(plain, tone: 0), place: place)
            syllables.countWord(marked: hasMark, vietnamese: isVietnamese)
        }
        isOpen = false
        marked = FeatureHash.start
        plain = FeatureHash.start
        tone = 0
        digits = 0
        hasLetter = false
        hasMark = false
        isVietnamese = false
    }
}

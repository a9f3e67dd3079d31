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
    private var letters = 0
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
            let byte = unsafe bytes[position]
            if byte < 0x80 {
                let letter = unsafe Letter(bits: table[Int(byte)])
                if letter.kind == Letter.Kind.letter.rawValue {
                    take(letter, at: position)
                    position += 1
                } else if letter.kind == Letter.Kind.digit.rawValue {
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
                let (codePoint, length) = unsafe SyllableScanner.decode(bytes, at: position, size: size)
                take(codePoint, at: position, number: number, into: &syllables)
                position += length
                if syllables.isFull { return }
            }
        }
        close(at: size, number: number, into: &syllables)
        syllables.addBorder()
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
        letters += 1
        marked = FeatureHash.step(marked, letter.base)
        plain = FeatureHash.step(plain, letter.base)
        guard letter.bits & 0x7ff_0000 != 0 else { return }
        if letter.mark != 0 { take(mark: letter.mark) }
        if letter.tone != 0 { take(tone: letter.tone) }
    }

    @inline(__always)
    private mutating func take(mark: UInt32) {
        marked = FeatureHash.step(marked, mark + 0x300)
        isVietnamese = isVietnamese || tone != 0 || mark == 0x1c || mark == Letter.stroke
        hasMark = true
    }

    @inline(__always)
    private mutating func take(tone new: UInt32) {
        // Vietnamese has one tone a syllable; more of them (résumé) still must count whatever their number.
        isVietnamese = isVietnamese || new >= 4 || (hasMark && tone == 0)
        tone = tone &* 8 &+ new
        hasMark = true
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
        letters += 1
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
        if letters == 0 {
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
        letters = 0
        hasMark = false
        isVietnamese = false
    }

    /// One code point of two to four bytes at `position`. What is no UTF-8 reads as U+FFFD of one byte.
    @inline(__always)
    private static func decode(_ bytes: UnsafePointer<UInt8>, at position: Int, size: Int) -> (UInt32, Int) {
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

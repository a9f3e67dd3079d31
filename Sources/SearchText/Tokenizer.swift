// SPDX-License-Identifier: Apache-2.0
/// Splits UTF-8 text into words, in one pass. See ``TokenList``.
///
/// - A word consists of letters, digits and combining marks. Blanks, dashes, slashes and other signs separate words.
/// - An apostrophe of any kind joins (`don't`, `H'Mông`), except after a French article (`l'école` is two words). The English
///   `'s` is dropped.
/// - A number with separators is one word: `16.000`, `16,000` and `16000` are equal, and so are `3,5` and `3.5`.
/// - A Chinese or Japanese character is a word.
/// - Soft hyphens and joiners do not count.
///
/// Query and article go through the same rules, so what is written in the same way is found.
public struct Tokenizer {
    /// The most characters of a word that count. Two words that begin with as many equal ones are equal.
    public static let maxCharacters = 64
    /// Marks beyond this many bytes of a term do not count.
    private static let maxBytes = 4 * maxCharacters

    /// Appends the words of `text` to `list`.
    public static func read(_ text: String, into list: inout TokenList) {
        var text = text
        text.makeContiguousUTF8()
        read(text.utf8.span, into: &list)
    }

    /// Appends the words of a text in UTF-8 to `list`. Invalid UTF-8 separates words.
    public static func read(_ text: Span<UInt8>, into list: inout TokenList) {
        var tokenizer = Tokenizer()
        tokenizer.scan(text, &list)
    }

    private var word: Word?
    private var followsBorder = true

    /// A word that has begun. Its letters are at the end of the list's bytes.
    private struct Word {
        let start: Int
        var end: Int
        let exact: Int
        let folded: Int
        /// Where the last letter begins, and the letter, if a mark may follow.
        var lastLetter: Int
        var last: UInt32
        var characters = 0
        var isMarked = false
        /// Up to four signs, in the order in which they were written.
        var tones: UInt32 = 0
    }

    private mutating func scan(_ text: Span<UInt8>, _ list: inout TokenList) {
        var position = 0
        while position < text.count {
            let byte = text[position]
            if word == nil, byte &- 0x30 < 10 {
                position = takeNumber(text, position, &list)
                continue
            }
            let (codePoint, size) = byte < 0x80 ? (UInt32(byte), 1) : CodePoint.decode(text, at: position)
            position = take(codePoint, text, position, position + size, &list)
        }
        close(&list)
    }

    /// Takes the code point at `position`, which ends at `end`. Returns where to go on.
    @inline(__always)
    private mutating func take(
        _ codePoint: UInt32, _ text: Span<UInt8>, _ position: Int, _ end: Int, _ list: inout TokenList
    ) -> Int {
        let letter = Letter.of(codePoint)
        switch letter.kind {
        case .letter, .digit:
            append(letter, codePoint, position, end, &list)
        case .mark, .tone: appendMark(codePoint, letter.tone, end, &list)
        case .ideograph:
            close(&list)
            append(letter, codePoint, position, end, &list)
            close(&list)
        case .rare: appendParts(LetterParts(codePoint), position, end, &list)
        case .invisible: break
        case .apostrophe: return takeApostrophe(text, end, &list)
        case .other:
            close(&list)
            if Self.isBorder(codePoint, text, end) { followsBorder = true }
        }
        return end
    }

    @inline(__always)
    private mutating func begin(_ position: Int, _ list: TokenList) {
        if word == nil {
            word = Word(
                start: position, end: position, exact: list.exactBytes.count, folded: list.foldedBytes.count,
                lastLetter: list.exactBytes.count, last: 0)
        }
    }

    @inline(__always)
    private mutating func append(
        _ letter: Letter, _ codePoint: UInt32, _ position: Int, _ end: Int, _ list: inout TokenList
    ) {
        begin(position, list)
        guard var open = word else { return }
        open.end = end
        open.characters += 1
        if open.characters <= Self.maxCharacters {
            open.lastLetter = list.exactBytes.count
            letter.exact.append(to: &list.exactBytes)
            letter.folded.append(to: &list.foldedBytes)
            open.last = codePoint
            if letter.tone != 0 { open.tones = open.tones << 8 | UInt32(letter.tone) }
            if letter.tone != 0 || letter.exact != letter.folded { open.isMarked = true }
        }
        word = open
    }

    private mutating func appendParts(_ parts: LetterParts, _ position: Int, _ end: Int, _ list: inout TokenList) {
        begin(position, list)
        guard var open = word else { return }
        open.end = end
        open.characters += 1
        word = open
        guard open.characters <= Self.maxCharacters else { return }
        list.exactBytes.append(contentsOf: parts.exact)
        list.foldedBytes.append(contentsOf: parts.folded)
        open.tones = parts.tones.reduce(open.tones) { $0 << 8 | UInt32($1) }
        open.isMarked = open.isMarked || parts.exact != parts.folded || !parts.tones.isEmpty
        open.last = 0
        word = open
    }

    /// Takes a combining mark.
    private mutating func appendMark(_ mark: UInt32, _ tone: UInt8, _ end: Int, _ list: inout TokenList) {
        guard var open = word else { return }
        open.end = end
        defer { word = open }
        guard open.characters <= Self.maxCharacters, list.exactBytes.count - open.exact < Self.maxBytes else { return }
        open.isMarked = true
        if tone != 0 {
            open.tones = open.tones << 8 | UInt32(tone)
            return
        }
        // The last letter may be a composed one with a tone, or a capital.
        let written = String(decoding: list.exactBytes[open.lastLetter...], as: UTF8.self)
        if open.last != 0, let letter = written.unicodeScalars.first, written.unicodeScalars.count == 1,
            let composed = Composition.of(letter.value, mark)
        {
            list.exactBytes.removeSubrange(open.lastLetter...)
            list.exactBytes.append(contentsOf: LetterParts.utf8(composed))
        } else {
            list.exactBytes.append(contentsOf: LetterParts.utf8(mark))
        }
    }

    /// Finishes the open word, if there is one.
    @inline(__always)
    private mutating func close(_ list: inout TokenList) {
        guard let open = word else { return }
        word = nil
        var signs = open.tones.byteSwapped
        while signs != 0 {
            let sign = UInt8(truncatingIfNeeded: signs)
            if sign != 0 { list.exactBytes.append(sign) }
            signs >>= 8
        }
        list.tokens.append(
            TokenList.Token(
                range: open.start..<open.end, exact: open.exact..<list.exactBytes.count,
                folded: open.folded..<list.foldedBytes.count, isMarked: open.isMarked, followsBorder: followsBorder))
        followsBorder = false
    }

    /// Takes an apostrophe that ends at `end`. Returns where to go on.
    private mutating func takeApostrophe(_ text: Span<UInt8>, _ end: Int, _ list: inout TokenList) -> Int {
        guard let open = word, Self.isLetter(text, end) else {
            close(&list)
            return end
        }
        if Self.articles.contains(where: { list.foldedBytes[open.folded...].elementsEqual($0) }) {
            close(&list)
            return end
        }
        // 's at the end of a word.
        if text[end] | 0x20 == UInt8(ascii: "s"), !Self.isLetter(text, end + 1) {
            close(&list)
            return end + 1
        }
        return end
    }

    /// What French elides before an apostrophe.
    private static let articles: [[UInt8]] = ["l", "d", "j", "m", "n", "s", "t", "c", "qu"].map { Array($0.utf8) }

    /// Whether a letter or a digit begins at `position`.
    private static func isLetter(_ text: Span<UInt8>, _ position: Int) -> Bool {
        guard position < text.count else { return false }
        let byte = text[position]
        let codePoint = byte < 0x80 ? UInt32(byte) : CodePoint.decode(text, at: position).0
        switch Letter.of(codePoint).kind {
        case .letter, .digit, .rare: return true
        case .other, .mark, .tone, .ideograph, .invisible, .apostrophe: return false
        }
    }

    /// Whether a sentence or clause ends with the sign that ends at `end`.
    private static func isBorder(_ codePoint: UInt32, _ text: Span<UInt8>, _ end: Int) -> Bool {
        switch codePoint {
        // A full stop, comma or colon inside a word is none: TP.HCM, 10:30.
        case 0x2e, 0x2c, 0x3a: end == text.count || text[end] <= 0x20
        case 0x0a, 0x0d, 0x21, 0x22, 0x28, 0x29, 0x3b, 0x3c, 0x3e, 0x3f, 0x5b, 0x5d, 0x7c: true
        case 0xab, 0xbb, 0x2013...0x2016, 0x201c...0x201f, 0x2022, 0x2026, 0x2028, 0x2029, 0x3001, 0x3002: true
        default: false
        }
    }
}

extension Tokenizer {
    /// Takes the digits and separators from `start` on. Returns where to go on.
    ///
    /// Groups of three digits after a first one of one to three are thousands. Two groups with a full stop or a comma are a
    /// decimal number, in which the sign does not matter. All others (`20.11.2024`) are words of their own.
    private mutating func takeNumber(_ text: Span<UInt8>, _ start: Int, _ list: inout TokenList) -> Int {
        var groups: [Range<Int>] = []
        var separators: [UInt32] = []
        var position = start
        while true {
            let begin = position
            while position < text.count, text[position] &- 0x30 < 10 { position += 1 }
            groups.append(begin..<position)
            guard groups.count < 8, let (separator, next) = Self.separator(text, position) else { break }
            separators.append(separator)
            position = next
        }
        if Self.isLetter(text, position) || Self.continues(text, position) {
            // 5G, 100m2: the last group belongs to a word.
            let last = groups.removeLast()
            separators = Array(separators.dropLast())
            emit(groups, separators, text, &list)
            for digit in last {
                let byte = text[digit]
                append(Letter.of(UInt32(byte)), UInt32(byte), digit, digit + 1, &list)
            }
            return last.upperBound
        }
        emit(groups, separators, text, &list)
        return position
    }

    /// Whether more of a word follows that is not a letter: a mark.
    private static func continues(_ text: Span<UInt8>, _ position: Int) -> Bool {
        guard position < text.count, text[position] >= 0x80 else { return false }
        let kind = Letter.of(CodePoint.decode(text, at: position).0).kind
        return kind == .mark || kind == .tone
    }

    /// A separator at `position` that a digit follows, and where that digit is.
    private static func separator(_ text: Span<UInt8>, _ position: Int) -> (UInt32, Int)? {
        guard position < text.count else { return nil }
        let byte = text[position]
        let (codePoint, size) = byte < 0x80 ? (UInt32(byte), 1) : CodePoint.decode(text, at: position)
        let next = position + size
        guard next < text.count, text[next] &- 0x30 < 10 else { return nil }
        switch codePoint {
        case 0x2e, 0x2c, 0x27, 0x2019: return (codePoint, next)
        case 0xa0, 0x2009, 0x202f: return (0xa0, next)  // blanks that do not break
        default: return nil
        }
    }

    private mutating func emit(
        _ groups: [Range<Int>], _ separators: [UInt32], _ text: Span<UInt8>, _ list: inout TokenList
    ) {
        guard let first = groups.first, let last = groups.last else { return }
        // How many groups are the whole part, and whether one more is the fraction.
        var whole = 1
        while whole < groups.count, first.count <= 3, groups[whole].count == 3, separators[whole - 1] == separators[0] {
            whole += 1
        }
        let isNumber =
            whole == groups.count
            || whole == groups.count - 1 && Self.isPoint(separators[whole - 1])
                && (whole == 1 || separators[whole - 1] != separators[0])
        guard isNumber else {
            for group in groups { add([group], fraction: nil, text, group, &list) }
            return
        }
        add(
            Array(groups[..<whole]), fraction: whole < groups.count ? last : nil, text,
            first.lowerBound..<last.upperBound, &list)
    }

    private static func isPoint(_ separator: UInt32) -> Bool { separator == 0x2e || separator == 0x2c }

    private mutating func add(
        _ whole: [Range<Int>], fraction: Range<Int>?, _ text: Span<UInt8>, _ range: Range<Int>, _ list: inout TokenList
    ) {
        let exact = list.exactBytes.count
        let folded = list.foldedBytes.count
        var left = Self.maxCharacters
        func write(_ byte: UInt8, _ list: inout TokenList) {
            guard left > 0 else { return }
            left -= 1
            list.exactBytes.append(byte)
            list.foldedBytes.append(byte)
        }
        for group in whole { for digit in group { write(text[digit], &list) } }
        if let fraction {
            write(UInt8(ascii: "."), &list)
            for digit in fraction { write(text[digit], &list) }
        }
        list.tokens.append(
            TokenList.Token(
                range: range, exact: exact..<list.exactBytes.count, folded: folded..<list.foldedBytes.count,
                isMarked: false, followsBorder: followsBorder))
        followsBorder = false
    }
}

/// Decodes code points from UTF-8 that may be invalid.
enum CodePoint {
    /// The code point at `position`, whose first byte is not ASCII, and its size. Invalid UTF-8 gives U+FFFD and one byte.
    @inline(__always)
    static func decode(_ text: Span<UInt8>, at position: Int) -> (UInt32, Int) {
        let first = UInt32(text[position])
        func next(_ offset: Int) -> UInt32? {
            guard position + offset < text.count else { return nil }
            let byte = UInt32(text[position + offset])
            return byte & 0xc0 == 0x80 ? byte & 0x3f : nil
        }
        if first >= 0xc2, first < 0xe0, let second = next(1) { return ((first & 0x1f) << 6 | second, 2) }
        if first >= 0xe0, first < 0xf0, let second = next(1), let third = next(2) {
            let codePoint = (first & 0x0f) << 12 | second << 6 | third
            if codePoint >= 0x800, codePoint & 0xf800 != 0xd800 { return (codePoint, 3) }
        } else if first >= 0xf0, first < 0xf5, let second = next(1), let third = next(2), let fourth = next(3) {
            let codePoint = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
            if (0x10000...0x10ffff).contains(codePoint) { return (codePoint, 4) }
        }
        return (0xfffd, 1)
    }
}

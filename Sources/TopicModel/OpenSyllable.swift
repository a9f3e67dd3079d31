/// The syllable that is being read, letter by letter.
struct OpenSyllable {
    /// Where it begins.
    let start: Int
    private var marked = FeatureHash.start
    private var plain = FeatureHash.start
    private var tone: UInt32 = 0
    private var digits = 0
    private var hasLetter = false
    private var hasMark = false
    private var isVietnamese = false

    @inline(__always)
    init(at start: Int) { self.start = start }

    /// Takes a letter with the mark and the tone that it has.
    @inline(__always)
    mutating func take(_ letter: Letter) {
        hasLetter = true
        marked = FeatureHash.step(marked, letter.base)
        plain = FeatureHash.step(plain, letter.base)
        if letter.bits & 0x7ff_0000 != 0 { takeMarks(of: letter) }
    }

    /// Takes the mark and the tone of a letter, or one of them that follows its letter.
    @inline(__always)
    mutating func takeMarks(of letter: Letter) {
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

    @inline(__always)
    mutating func takeDigit(_ digit: UInt8) {
        digits += 1
        marked = FeatureHash.step(marked, UInt32(digit))
        plain = FeatureHash.step(plain, UInt32(digit))
    }

    /// Takes a letter that the table has no room for: Unicode takes it apart.
    mutating func takeRare(_ scalar: Int32) {
        hasLetter = true
        for part in Letter.decomposition(of: scalar) {
            let tone = Letter.tone(of: part)
            if tone > 0 {
                takeMarks(of: Letter(.tone, tone: tone))
            } else if (0x300...0x36f).contains(part) {
                takeMarks(of: Letter(.mark, mark: part - 0x300 + 1))
            } else {
                marked = FeatureHash.step(marked, part)
                plain = FeatureHash.step(plain, part)
            }
        }
    }

    /// What it is now that it has ended.
    var ended: Syllable {
        guard hasLetter else {
            let hash = FeatureHash.number(digits: digits)
            return Syllable(marked: hash, plain: hash, kind: [])
        }
        let bare = FeatureHash.finish(plain, tone: 0)
        var kind = Syllable.Kind.word
        if hasMark { kind.insert(.marked) }
        if isVietnamese { kind.insert(.vietnamese) }
        if VietnameseSyllables.shared.contains(bare) { kind.insert(.possible) }
        return Syllable(marked: FeatureHash.finish(marked, tone: tone), plain: bare, kind: kind)
    }
}

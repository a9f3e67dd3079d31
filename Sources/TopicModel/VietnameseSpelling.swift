// SPDX-License-Identifier: Apache-2.0
/// The syllables of Vietnamese spelling: an onset, a rhyme and a tone, about 17,000 by the rules, of which about 7,000 are
/// in use.
///
/// The rules (Hoàng Phê, Chính tả tiếng Việt): k, gh and ngh stand before e, ê, i and y, and c, g and ng before the other
/// vowels; q only before u; labials take no rhyme that begins with a glide; a rhyme that ends in c, ch, p or t has the tone
/// sắc or nặng. Onsets of loanwords (p) and of names of minorities are left out: they are more common elsewhere.
struct VietnameseSpelling: Sendable {
    static let shared = VietnameseSpelling()

    private static let onsets = "b c ch d đ g gh gi h k kh l m n ng ngh nh ph r s t th tr v x".split(separator: " ")
    private static let rhymes =
        ("a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
        + "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu "
        + "i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu "
        + "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong ooc "
        + "op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt "
        + "u ua uc ui um un ung up ut uân uât uây uâng uê uêch uênh uơ uôc uôi uôm uôn uông uôt uy uya uych uyên uyêt uynh "
        + "uyt uyu ư ưa ưc ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu").split(separator: " ")
    /// After q.
    private static let afterQ =
        ("ua uac uach uai uan uang uanh uao uat uau uay uăc uăm uăn uăng uăp uăt uâc uân uâng uât uâu uây ue uen ueo uet uê "
        + "uêch uên uênh uêt ui uin uit uôc uôt uơ uy uych uyên uyêt uynh uyt").split(separator: " ")
    private static let others = "gi gin giêng giêt giêc buyt y yêm yên yêt yêu yêng hy ky ly my sy ty vy thy".split(
        separator: " ")

    private let open: SpellingSet
    /// Those that end in c, ch, p or t.
    private let checked: SpellingSet

    private init() {
        var syllables = Self.rhymes + Self.others + Self.afterQ.map { "q" + $0 }
        for onset in Self.onsets {
            for rhyme in Self.rhymes where Self.fit(onset, rhyme) { syllables.append(onset + rhyme) }
        }
        let isChecked = { (syllable: Substring) in "cpt".contains(syllable.last ?? " ") || syllable.hasSuffix("ch") }
        open = SpellingSet(syllables.filter { !isChecked($0) }.map { OpenSyllable(spelling: $0).toneless })
        checked = SpellingSet(syllables.filter(isChecked).map { OpenSyllable(spelling: $0).toneless })
    }

    private static func fit(_ onset: Substring, _ rhyme: Substring) -> Bool {
        let isFront = "eêiy".contains(rhyme.first ?? " ")
        switch onset {
        case "k", "gh", "ngh": return isFront
        case "c", "g", "ng": return !isFront
        case "gi": return rhyme.first != "i"
        case "b", "m", "ph", "v": return !["oa", "oe", "oă", "uy", "uê", "uâ", "uơ"].contains { rhyme.hasPrefix($0) }
        default: return true
        }
    }

    /// - Parameters:
    ///   - hash: of the letters with their marks, without the tone.
    ///   - tone: as in `Letter`; of several tones, their digits to base 8.
    func contains(_ hash: UInt64, tone: UInt32) -> Bool {
        tone <= 5 && open.contains(hash) || (tone == 2 || tone == 5) && checked.contains(hash)
    }
}

/// All possible syllables of Vietnamese spelling without marks, as the scanner's plain hashes.
///
/// A syllable is an onset and a rhyme. A few pairs do not occur; including them does no harm, because words of other
/// languages mostly do not have this form.
struct VietnameseSyllables: Sendable {
    static let shared = VietnameseSyllables()

    private static let onsets = [
        "", "b", "c", "ch", "d", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "ph", "q", "r", "s",
        "t", "th", "tr", "v", "x",
    ]
    private static let rhymes = [
        "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec", "ech", "em", "en",
        "eng", "enh", "eo", "ep", "et", "eu", "i", "ia", "ich", "iec", "iem", "ien", "ieng", "iep", "iet", "ieu", "im",
        "in", "inh", "ip", "it", "iu", "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang", "oanh", "oao", "oap",
        "oat", "oay", "oc", "oe", "oen", "oeo", "oet", "oi", "om", "on", "ong", "op", "ot", "u", "ua", "uan", "uang",
        "uat", "uay", "uc", "ue", "uech", "uenh", "ui", "um", "un", "ung", "uo", "uoc", "uoi", "uom", "uon", "uong",
        "uop", "uot", "uou", "up", "ut", "uu", "uy", "uya", "uych", "uyen", "uyet", "uynh", "uyt", "uyu", "y", "yem",
        "yen", "yet", "yeu", "uach", "uanh", "uai", "uac", "uao", "uet", "uen",
    ]

    private let syllables: SpellingSet

    private init() {
        syllables = SpellingSet(
            Self.onsets.flatMap { onset in Self.rhymes.map { OpenSyllable(spelling: onset + $0).bare } })
    }

    /// Whether a plain hash is a possible syllable.
    func contains(_ hash: UInt64) -> Bool { syllables.contains(hash) }
}

/// A set of at most 4,000 hashes, with open addressing; 0 is empty, and no hash is 0.
struct SpellingSet: Sendable {
    private let slots: [UInt64]

    init(_ hashes: [UInt64]) {
        var slots = [UInt64](repeating: 0, count: 1 << 13)
        for hash in hashes {
            var index = Int(hash >> 51)
            while slots[index] != 0, slots[index] != hash { index = (index + 1) & 0x1fff }
            slots[index] = hash
        }
        self.slots = slots
    }

    func contains(_ hash: UInt64) -> Bool {
        var index = Int(hash >> 51)
        while slots[index] != 0 {
            if slots[index] == hash { return true }
            index = (index + 1) & 0x1fff
        }
        return false
    }
}

extension OpenSyllable {
    /// A syllable as it is spelled, in NFC, in lower case.
    init(spelling: some StringProtocol) {
        self.init(at: 0)
        for scalar in spelling.unicodeScalars { take(Letter(describing: scalar.value)) }
    }
}

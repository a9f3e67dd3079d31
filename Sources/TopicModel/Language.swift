import Glibc

/// The language that a text seems to be written in.
public struct Language: Sendable, Hashable {
    /// The BCP 47 tag; `und` if it cannot be told.
    public let tag: String
    /// How sure that is, 0 to 1.
    public let confidence: Float

    /// Makes a language with a confidence.
    public init(tag: String, confidence: Float) {
        self.tag = tag
        self.confidence = confidence
    }

    /// Nothing to go by.
    public static let undetermined = Language(tag: "und", confidence: 0)
}

extension Language {
    /// Tells Vietnamese, with or without its marks, from other languages; names the commonest others.
    ///
    /// Each word is evidence: of the words in Vietnamese news 93 in 100 are possible syllables, of English ones 30.
    /// Letters that only Vietnamese has weigh more.
    init(of syllables: borrowing Syllables) {
        let seen = syllables.samples
        guard seen > 0, syllables.words > 0 else {
            self = .undetermined
            return
        }
        let words = Float(min(seen, syllables.words))
        let scale = min(1, words / Float(syllables.words))
        let impossible = words - min(words, Float(syllables.possibleSamples))
        let vietnamese = Float(syllables.vietnameseWords) * scale
        // Words are not independent of each other: their evidence counts as that of at most 40.
        let evidence = ((words - impossible) * 0.98 - impossible * 2.2 + vietnamese * 6) * min(1, 40 / words)
        let probability = 1 / (1 + exp(-evidence))
        // Vietnamese text that lost its marks has none at all; a foreign text with possible syllables has none either.
        if probability >= 0.5, vietnamese >= words * 0.08 || syllables.markedWords * 20 < syllables.words {
            let other = vietnamese > 0 ? nil : Language.commonest(in: syllables)
            if other == nil || other!.confidence < probability {
                self.init(tag: "vi", confidence: probability)
                return
            }
        }
        self = Language.commonest(in: syllables) ?? Language(tag: "und", confidence: 1 - probability)
    }

    /// The language, other than Vietnamese, of most common words; nil if they are too few to say.
    private static func commonest(in syllables: borrowing Syllables) -> Language? {
        var hits = [Int](repeating: 0, count: CommonWords.tags.count)
        let count = min(syllables.count, Syllables.sampled)
        var words = 0
        for index in 0..<count {
            let hash = unsafe syllables.plain[index]  // below `count`
            if hash == 0 { continue }
            words += 1
            let languages = CommonWords.shared.languages(of: hash)
            if languages == 0 { continue }
            for bit in hits.indices where languages & (1 << UInt8(bit)) != 0 { hits[bit] += 1 }
        }
        guard let best = hits.indices.max(by: { hits[$0] < hits[$1] }) else { return nil }
        // A tenth of the words of running text are such.
        let share = Float(hits[best]) / Float(max(words, 1))
        guard hits[best] >= 2, share >= 0.12 else { return nil }
        return Language(tag: CommonWords.tags[best], confidence: min(0.99, 0.5 + share * 1.5))
    }
}

/// The commonest words of other languages that a Vietnamese newsroom meets, to give a text that is not Vietnamese a name.
struct CommonWords: Sendable {
    static let shared = CommonWords()

    /// The languages, in the order of the bits.
    static let tags = ["en", "fr", "de", "es", "id"]
    private static let words = [
        "the of and to in is that for was with as on by are from this have not be at his her which were has been will",
        "le la les des et est une dans pour que qui sur par pas au plus avec ce sont ont du en aux cette ses mais elle",
        "der die das und ist nicht ein eine mit von zu den dem auf fur im sich des auch als wird sind bei nach aus wie",
        "el los las que de en un una por con para es del se no al lo como mas pero sus fue este ha son entre cuando",
        "yang dan di dari untuk dengan ini itu pada tidak dalam akan adalah ke oleh sebagai juga karena bisa tersebut",
    ]

    /// Which languages each plain hash is a common word of, a bit each.
    private let languages: [UInt64: UInt8]

    private init() {
        var languages: [UInt64: UInt8] = [:]
        for (bit, list) in CommonWords.words.enumerated() {
            for word in list.split(separator: " ") {
                var hash = FeatureHash.start
                for byte in word.utf8 { hash = FeatureHash.step(hash, UInt32(byte)) }
                languages[FeatureHash.finish(hash, tone: 0), default: 0] |= 1 << UInt8(bit)
            }
        }
        self.languages = languages
    }

    func languages(of hash: UInt64) -> UInt8 { languages[hash] ?? 0 }
}

/// The bare letters of every syllable that Vietnamese spelling allows, as the scanner's plain hashes.
///
/// Onset and rhyme make a syllable; a few pairs do not occur, and counting them costs nothing here: what matters is
/// that other languages' words are mostly not of this form.
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

    /// Open addressing over the hashes; 0 is empty, which no hash is.
    private let slots: [UInt64]

    private init() {
        var slots = [UInt64](repeating: 0, count: 1 << 13)
        for onset in VietnameseSyllables.onsets {
            for rhyme in VietnameseSyllables.rhymes {
                var hash = FeatureHash.start
                for byte in (onset + rhyme).utf8 { hash = FeatureHash.step(hash, UInt32(byte)) }
                hash = FeatureHash.finish(hash, tone: 0)
                var index = Int(hash >> 51)
                while slots[index] != 0, slots[index] != hash { index = (index + 1) & 0x1fff }
                slots[index] = hash
            }
        }
        self.slots = slots
    }

    /// Whether a plain hash is that of a possible syllable.
    func contains(_ hash: UInt64) -> Bool {
        var index = Int(hash >> 51)
        while slots[index] != 0 {
            if slots[index] == hash { return true }
            index = (index + 1) & 0x1fff
        }
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The detected language of a text.
public struct Language: Sendable, Hashable {
    /// The BCP 47 tag; `und` if undetermined.
    public let tag: String
    /// The confidence, 0 to 1.
    public let confidence: Float

    /// Creates a language with a confidence.
    public init(tag: String, confidence: Float) {
        self.tag = tag
        self.confidence = confidence
    }

    /// No language was detected.
    public static let undetermined = Language(tag: "und", confidence: 0)
}

extension Language {
    /// Distinguishes Vietnamese, with or without marks, from other languages, and names the most common others.
    ///
    /// Each word is evidence. 93 % of the words in Vietnamese news are possible syllables, but only 30 % of English
    /// words. Letters that only Vietnamese has weigh more.
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
        // Words are not independent of each other. Their evidence counts as that of at most 40 words.
        let evidence = ((words - impossible) * 0.98 - impossible * 2.2 + vietnamese * 6) * min(1, 40 / words)
        let probability = 1 / (1 + exp(-evidence))
        // Vietnamese text that lost its marks has none at all. Nor has a foreign text of possible syllables.
        if probability >= 0.5, vietnamese >= words * 0.08 || syllables.markedWords * 20 < syllables.words {
            let other = vietnamese > 0 ? nil : Language.commonest(in: syllables)
            if other == nil || other!.confidence < probability {
                self.init(tag: "vi", confidence: probability)
                return
            }
        }
        self = Language.commonest(in: syllables) ?? Language(tag: "und", confidence: 1 - probability)
    }

    /// The other language with the most common words; nil if there are too few.
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
        // At least a tenth of the words in a text are common words.
        let share = Float(hits[best]) / Float(max(words, 1))
        guard hits[best] >= 2, share >= 0.12 else { return nil }
        return Language(tag: CommonWords.tags[best], confidence: min(0.99, 0.5 + share * 1.5))
    }
}

/// The most common words of other languages in a Vietnamese newsroom, to detect the language of other texts.
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

    /// The languages in which a plain hash is a common word, one bit each.
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

    /// Open addressing; 0 is empty. No hash is 0.
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

    /// Whether a plain hash is a possible syllable.
    func contains(_ hash: UInt64) -> Bool {
        var index = Int(hash >> 51)
        while slots[index] != 0 {
            if slots[index] == hash { return true }
            index = (index + 1) & 0x1fff
        }
        return false
    }
}

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
    /// Detects the language of a text: UTF-8 in any normalization form.
    public init(of text: String) {
        var syllables = Syllables()
        var scanner = SyllableScanner(remembers: false)
        var copy = text
        copy.withUTF8 { unsafe scanner.scan(UnsafeRawBufferPointer($0), number: 0, into: &syllables) }
        self.init(of: syllables)
    }

    /// The language that somebody gave for a text.
    ///
    /// - Parameter tag: a BCP 47 tag in any case. `vie` (ISO 639-2) and `vn` (the country, a common mistake) are Vietnamese.
    /// - Returns: nil if it names no language.
    init?(given tag: String) {
        let primary = tag.prefix { $0 != "-" && $0 != "_" }.lowercased()
        guard (2...3).contains(primary.utf8.count), primary.utf8.allSatisfy({ (0x61...0x7a).contains($0) }),
            primary != "und", primary != "mul"
        else { return nil }
        self.init(tag: ["vie", "vn"].contains(primary) ? "vi" : primary, confidence: 1)
    }

    /// Distinguishes Vietnamese, with or without marks, from other languages, and names the most common others.
    ///
    /// Each of the first words is evidence: see `Evidence`.
    init(of syllables: borrowing Syllables) {
        let samples = syllables.samples
        guard samples.words > 0 else {
            self = .undetermined
            return
        }
        // Vietnamese text that lost its marks has none at all.
        let isPlain = samples.isPlain
        let probability = 1 / (1 + exp(-samples.logOdds))
        if probability > 0.5 {
            // A foreign text of possible syllables has none either, but its most common words give it away.
            let other = isPlain ? Language.commonest(in: syllables) : nil
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

// SPDX-License-Identifier: Apache-2.0
/// What one word says about the language of a text.
///
/// Nine of ten words in Vietnamese news are syllables of `VietnameseSpelling`. Three of four words in other languages are
/// not, and the rest are mostly a few dozen short words, which `ForeignWords` lists.
enum Evidence: UInt8, CaseIterable {
    /// Not a word.
    case none
    /// A syllable with marks that only Vietnamese has: "được", "tiếng"; or one of its most frequent words, as "và", "các".
    case certain
    /// A syllable with marks that other languages have too: "vàng", "hôm", "khám".
    case marked
    /// A syllable without marks: "hai", "trong".
    case spelled
    /// Possible in Vietnamese that lost its marks: "tieng", "viet".
    case possible
    /// Not a syllable, but with letters of Vietnamese: "NLĐ", "hđqt".
    case lettered
    /// Not a syllable, with marks of other languages: "été", "für".
    case strange
    /// The same with a capital, mostly a name: "Raúl". Names occur in texts of all languages.
    case strangeName
    /// Not a syllable, without marks: "which", "bank".
    case impossible
    /// The same with a capital: "Chelsea".
    case impossibleName
    /// A syllable, but more common in other languages, and rare in Vietnamese even without marks: "que", "in", "à", "é".
    case foreign
    /// The same, but frequent in Vietnamese that lost its marks: "the", "la".
    case foreignUnlessPlain
    /// A syllable that is as common in other languages: "con", "may".
    case shared
    /// A syllable with marks that is as common in other languages: "là", "né".
    case sharedMarked

    /// The logarithm of how much more often it occurs in Vietnamese, for texts with marks and without any. Measured on
    /// news, and on the messages and manuals of free software in seven other languages; the largest are cut, because
    /// neighbouring words are not independent.
    var weights: (withMarks: Float, plain: Float) {
        switch self {
        case .none: (0, 0)
        case .certain: (6, 6)
        case .marked: (4.5, 4.5)
        case .spelled: (1, 1.5)
        case .possible: (-1.5, 1.5)
        case .lettered: (2, 2)
        case .strange: (-3, -3)
        case .strangeName: (-1.5, -1.5)
        case .impossible: (-2.8, -2.2)
        case .impossibleName: (-0.9, -2.2)
        case .foreign: (-2.5, -2)
        case .foreignUnlessPlain: (-2.5, 0)
        case .shared: (0, 1.5)
        case .sharedMarked: (0, 0)
        }
    }
}

/// How many words of each kind of evidence a text has.
struct EvidenceCounts: Equatable {
    private var counts: SIMD16<UInt16> = .zero
    /// Words with a mark.
    private var marked = 0

    @inline(__always)
    mutating func add(_ kind: Syllable.Kind) {
        counts[kind.evidence] &+= 1  // at most `Syllables.sampled`
        marked += Int(kind.isMarked)
    }

    /// How many words are of this kind.
    subscript(kind: Evidence) -> Int { Int(counts[Int(kind.rawValue)]) }

    /// Those that are words.
    var words: Int { Evidence.allCases.dropFirst().reduce(0) { $0 + Int(counts[Int($1.rawValue)]) } }

    /// Whether the text lost its marks, or never had any.
    var isPlain: Bool { marked * 20 < words }

    /// The logarithm of the odds that the text is Vietnamese.
    var logOdds: Float {
        let isPlain = isPlain
        let sum = Evidence.allCases.reduce(Float(0)) { sum, evidence in
            let weights = evidence.weights
            return sum + Float(counts[Int(evidence.rawValue)]) * (isPlain ? weights.plain : weights.withMarks)
        }
        // Words are not independent of each other. Their evidence counts as that of at most 40 words.
        return sum * min(1, 40 / Float(max(words, 1)))
    }
}

/// Words of other languages that are also Vietnamese syllables. Without them, "não são" and "là où" look Vietnamese.
struct ForeignWords: Sendable {
    static let shared = ForeignWords()

    private static let words: [(Evidence, String)] = [
        (
            .foreign,
            "en not un et um e non mit in by que i a ce nom im ne na com von set tem nach sich at qu le sem no to ao be qui "
                + "sin on but vom cui nao che au em di de it up seu sia ci get him his is run "
                + "à é è não são só há í ó á ú sí tú mí dé día vía qué sé né já tão mão vão quão têm lì sì dì thé ê ré té tè "
                + "mía tía ría lá dê nè mè ù"
        ),
        (
            .foreignUnlessPlain,
            "ke dem due the y o si se dan la u du son sao that den do da lo sua tu me te mi ti vai nem sim dia noi lui bon he "
                + "she go am es than can then them"
        ),
        (.shared, "con ma an so may ha hay ai sa ta ca men man day long mai hai chi"),
        (.sharedMarked, "là né nó giù già vê tía hé ô ò"),
    ]

    private let kinds: [UInt64: Evidence]

    private init() {
        var kinds: [UInt64: Evidence] = [:]
        for (kind, list) in ForeignWords.words {
            for word in list.split(separator: " ") { kinds[OpenSyllable(spelling: word).markedHash] = kind }
        }
        self.kinds = kinds
    }

    /// The evidence of the word with a marked hash; nil if it is not listed.
    func evidence(of hash: UInt64) -> Evidence? { kinds[hash] }
}

/// The words of Vietnamese that occur in texts of every topic. A text of nothing else has no topic.
struct FunctionWords: Sendable {
    private static let shared = FunctionWords()

    private static let words =
        "của và là các một những có không cho được trong với này đã để khi đến từ thì mà ra ở như về theo cũng lại vào hay "
        + "hoặc nhưng vì nên nếu bị do đó kia ấy rồi sẽ đang tôi ông bà anh chị em họ ta nó mình chúng ai gì nào đâu sao bao "
        + "nhiêu mấy hơn nhất rất quá lắm thế vậy còn chỉ vẫn đều cùng bằng tại trên dưới ngoài giữa sau trước qua lên xuống "
        + "đi người việc cái con chiếc sự điều năm ngày nay nhiều ít mọi mỗi từng số hai ba"

    /// With their marks, and without any.
    private let hashes: Set<UInt64>

    private init() {
        hashes = Set(
            FunctionWords.words.split(separator: " ").flatMap { word in
                let syllable = OpenSyllable(spelling: word)
                return [syllable.markedHash, syllable.bare]
            })
    }

    /// Whether the word with a marked hash is one of these.
    static func contains(_ hash: UInt64) -> Bool { shared.hashes.contains(hash) }

    /// Whether each word of the text is one of these. Only short texts are looked at.
    static func areAll(of syllables: borrowing Syllables) -> Bool {
        guard syllables.count <= 24 else { return false }
        return (0..<syllables.count).allSatisfy { index in
            let hash = unsafe syllables.marked[index]  // below `count`
            return hash == 0 || shared.hashes.contains(hash)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import TopicModel

/// Which encoding a text is in, by its syllables.
///
/// The words that have a byte beyond ASCII are read in each encoding. In the right one nearly all are syllables of Vietnamese
/// spelling, in another one few. How much more likely one encoding made the words than another follows from these shares,
/// which were measured: ``Shares``.
public struct EncodingDetection: Sendable, Equatable {
    public struct Candidate: Sendable, Equatable {
        public let encoding: VietnameseEncoding
        /// The probability that it is this one, 0 to 1.
        public let confidence: Double
        /// The share of the words with marks that are Vietnamese syllables, 0 to 1.
        public let share: Double
    }

    /// The likeliest first. Empty if no encoding is likely: the bytes are no Vietnamese text.
    public let candidates: [Candidate]
    /// The one that leaves no reasonable doubt.
    public let encoding: VietnameseEncoding?

    /// What the words of a text are expected to be.
    private enum Shares {
        /// Of the words of Vietnamese news in the right encoding, 0.96 are syllables; others are names and abbreviations.
        static let right = 0.95
        /// In a wrong one, and of the words of other languages in any of them, at most 0.2 are.
        static let wrong = 0.2
    }

    /// From which probability on an encoding is certain.
    private static let certainty = 0.98
    /// The same for a short text, among the encodings: one word that another one does not read as a syllable is not enough.
    private static let certaintyOfShort = 0.995
    /// In bytes.
    private static let shortText = 160
    /// How much the words without marks may say, as the logarithm of odds.
    private static let mostOfPlainWords = 4.0
    /// From which on it is worth naming.
    private static let plausibility = 0.02
    /// The least share of syllables.
    private static let leastShare = 0.75
    /// What is more likely no Vietnamese is named nothing. Nor is one word, which may be a broken one: the logarithm of the
    /// odds that two words give.
    private static let leastLikely = 0.3
    private static let leastSupport = 2.0
    /// Different words that are looked at.
    private static let mostWords = 360

    /// - Parameter sample: the text or its beginning; 64 KiB are enough.
    public init(_ sample: [UInt8]) {
        let words = Self.words(in: sample)
        let readings = words.isEmpty ? [] : VietnameseEncoding.allCases.map { Reading(words, $0) }
        let most = max(0, readings.map(\.support).max() ?? 0)
        // The texts of two encodings may be the same: either of them reads it.
        var groups: [(readings: [Reading], weight: Double)] = []
        for reading in readings {
            if let same = groups.firstIndex(where: { $0.readings[0].words == reading.words }) {
                groups[same].readings.append(reading)
            } else {
                groups.append(([reading], exp(reading.support - most)))
            }
        }
        // What its plain words say of the language.
        let plain = min(Self.mostOfPlainWords, groups.isEmpty ? 0 : Self.oddsOfPlainWords(sample))
        let total = groups.reduce(exp(-most - plain)) { $0 + $1.weight }
        // Whether TCVN3 or TCVN5712-1, the words tell in which the two differ.
        if let small = groups.firstIndex(where: { $0.readings[0].encoding == .tcvn3 }),
            let large = groups.firstIndex(where: { $0.readings[0].encoding == .tcvn5712 })
        {
            let sum = groups[small].weight + groups[large].weight
            let odds = Self.oddsOfSigns(words, groups[small].readings[0], groups[large].readings[0])
            groups[small].weight = sum / (1 + exp(-odds))
            groups[large].weight = sum / (1 + exp(odds))
        }
        groups.sort { $0.weight > $1.weight }
        let found = groups.flatMap { group in
            group.readings.map {
                Candidate(encoding: $0.encoding, confidence: group.weight / total, share: $0.share)
            }
        }
        let best = found.first
        let isLikely =
            most + plain >= Self.leastSupport
            && best.map { $0.confidence >= Self.leastLikely && $0.share >= Self.leastShare } ?? false
        candidates = isLikely ? found.filter { $0.confidence >= Self.plausibility } : []
        // TCVN3 and TCVN5712-1 were told apart by their signs.
        let rivals = groups.dropFirst().filter { !Self.areKin($0.readings[0], groups[0].readings[0]) }
        let rivalry =
            rivals.reduce(0) { $0 + $1.weight } / max(groups.reduce(0) { $0 + $1.weight }, .leastNormalMagnitude)
        encoding = best.flatMap {
            isLikely && $0.confidence >= Self.certainty
                && rivalry <= 1 - (sample.count < Self.shortText ? Self.certaintyOfShort : Self.certainty)
                ? $0.encoding : nil
        }
    }

    private static func areKin(_ one: Reading, _ other: Reading) -> Bool {
        [.tcvn3, .tcvn5712].contains(one.encoding) && [.tcvn3, .tcvn5712].contains(other.encoding)
    }

    /// The logarithm of how much more likely the text is Vietnamese, by its words in ASCII; 0 if it may be another language.
    private static func oddsOfPlainWords(_ sample: [UInt8]) -> Double {
        let plain = sample.prefix(4096).split { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d }
            .filter { word in word.allSatisfy { $0 < 0x80 } }.joined(separator: [0x20])
        let language = Language(of: String(decoding: Array(plain), as: UTF8.self))
        guard language.tag == "vi" else { return 0 }
        let confidence = min(Double(language.confidence), 0.9999)
        return max(0, log(confidence / (1 - confidence)))
    }

    /// The logarithm of how much more likely the text is in TCVN3, which has quotes, dashes and dots where TCVN5712-1 has
    /// capitals. The weights are for one word: a letter alone, or in a foreign word, is rare; a sign is not.
    private static func oddsOfSigns(_ words: [[UInt8]], _ signs: Reading, _ capitals: Reading) -> Double {
        // Few programs wrote TCVN5712-1. Without any such byte it is the same text.
        var odds = 1.5
        var differs = false
        for index in words.indices where words[index].contains(where: { $0 < 0x20 || (0x80..<0xa0).contains($0) }) {
            differs = true
            let isUsual = words[index].allSatisfy { $0 < 0x80 || $0 >= 0xa0 || usualSigns.contains($0) }
            switch (signs.counts[index].outcome, capitals.counts[index].outcome) {
            case (.syllable, .other): odds += 5
            case (.other, .syllable): odds -= 7
            case (.syllable, .neither): odds += 2
            case (.neither, .syllable): odds += words[index].allSatisfy(usualSigns.contains) ? 5 : isUsual ? -2 : -6
            case (.neither, .other): odds += isUsual ? 5 : 3
            case (.other, .neither): odds -= 3
            default: odds += isUsual ? 3 : 0
            }
        }
        return differs ? odds : 8
    }

    /// Ellipsis, quotes, bullet and dashes of Windows-1252.
    private static let usualSigns: Set<UInt8> = [0x85, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97]

    /// What a word has.
    private struct WordCount {
        var hits: Int
        var misses: Int

        enum Outcome { case syllable, other, neither }
        var outcome: Outcome { misses > 0 ? .other : hits > 0 ? .syllable : .neither }
    }

    /// The words as one encoding reads them.
    private struct Reading {
        let encoding: VietnameseEncoding
        let words: [[UInt8]]
        /// Of each word how many syllables it has, and how many other things.
        let counts: [WordCount]
        let share: Double
        /// The logarithm of how much more likely this encoding made the words than no encoding of Vietnamese.
        let support: Double

        init(_ raw: [[UInt8]], _ encoding: VietnameseEncoding) {
            self.encoding = encoding
            words = raw.map { encoding.decode($0) }
            counts = zip(words, MarkedWords.counts(in: words)).map { word, count in
                EncodingDetection.isTorn(word)
                    ? WordCount(hits: 0, misses: 1) : WordCount(hits: count.vietnamese, misses: count.others)
            }
            let hits = Double(counts.reduce(0) { $0 + $1.hits })
            let misses = Double(counts.reduce(0) { $0 + $1.misses })
            share = hits + misses == 0 ? 0 : hits / (hits + misses)
            // Against each other all encodings lose the same for words that none of them reads well.
            support =
                hits * log(Shares.right / Shares.wrong) + misses * log((1 - Shares.right) / (1 - Shares.wrong))
        }
    }

    /// The different words that have a byte beyond ASCII, in their order.
    private static func words(in sample: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var known: Set<[UInt8]> = []
        var start = 0
        var isMarked = false
        func end(_ place: Int) {
            if isMarked, place - start <= 24 {
                let word = Array(sample[start..<place])
                if known.insert(word).inserted { words.append(word) }
            }
            isMarked = false
        }
        for (place, byte) in sample.enumerated() {
            let isPart = byte >= 0x80 || (0x61...0x7a).contains(byte | 0x20) || controls.contains(byte)
            if !isPart {
                end(place)
                start = place + 1
                if words.count >= mostWords { return words }
            } else if byte >= 0x80 || byte < 0x20 {
                isMarked = true
            }
        }
        end(sample.count)
        return words
    }

    /// Control characters that are letters in some encodings.
    private static let controls: Set<UInt8> = Set(VietnameseEncoding.allCases.flatMap(\.controls.keys))

    /// Whether there is a sign between letters that does not belong there, or a control character.
    private static func isTorn(_ word: [UInt8]) -> Bool {
        var hadLetter = false
        var sign = false
        for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
            let value = scalar.value
            if value < 0x20 || (0x7f..<0xa0).contains(value) { return true }
            if scalar.properties.isAlphabetic || scalar.properties.generalCategory == .nonspacingMark {
                if sign, hadLetter { return true }
                hadLetter = true
                sign = false
            } else if !joins(value) {
                sign = true
            }
        }
        return false
    }

    /// Quotes, dashes, the ellipsis and the no-break space may stand between words.
    private static func joins(_ point: UInt32) -> Bool {
        (0x2010...0x2026).contains(point) || point == 0xa0 || point == 0xab || point == 0xbb || point == 0xb4
    }
}

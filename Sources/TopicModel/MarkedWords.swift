// SPDX-License-Identifier: Apache-2.0

/// How many words with marks in a text are syllables of Vietnamese spelling. It tells how well a text was decoded.
///
/// Words that are as common in other languages count as neither, like words without marks. At most the first
/// 400 words and borders count.
public struct MarkedWords: Sendable, Equatable {
    /// "được", "vàng"
    public let vietnamese: Int
    /// "été", and "ð−îc", which was "được".
    public let others: Int

    /// Counts the words of each of some texts.
    ///
    /// - Parameter texts: UTF-8.
    public static func counts(in texts: [[UInt8]]) -> [MarkedWords] {
        var syllables = Syllables()
        var scanner = SyllableScanner(remembers: false)
        var counts: [MarkedWords] = []
        counts.reserveCapacity(texts.count)
        for text in texts {
            syllables.removeAll()
            unsafe text.withUnsafeBytes { unsafe scanner.scan($0, number: 0, into: &syllables) }
            counts.append(MarkedWords(syllables.samples))
        }
        return counts
    }

    private init(_ samples: EvidenceCounts) {
        vietnamese = samples[.certain] + samples[.marked]
        others = samples[.strange] + samples[.strangeName] + samples[.lettered]
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import TopicModel
@testable import TopicTraining

@Suite struct PassagesTests {
    @Test(arguments: [120, 121, 125, 4000]) func halvesAndThirdsCoverTheText(syllables: Int) {
        let ranges = Passages.ranges(of: syllables)
        #expect(ranges.count == Passages.count)
        #expect(ranges[0] == 0..<60)
        #expect(ranges[Passages.thirds].elementsEqual((0..<3).map { Passages.third($0, of: syllables) }))
        for parts in [ranges[1...2], ranges[3...5]] {
            #expect(parts.first?.lowerBound == 0 && parts.last?.upperBound == syllables)
            for (one, next) in zip(parts, parts.dropFirst()) { #expect(one.upperBound == next.lowerBound) }
        }
    }

    @Test(arguments: [0, 1, 118]) func aShortTextIsLearnedFromAsAWholeAlone(syllables: Int) {
        // The border behind a text counts as a syllable.
        #expect(Passages.ranges(of: syllables).allSatisfy { $0.isEmpty })
        let text = [String](repeating: "tin", count: syllables).joined(separator: " ")
        let long = [String](repeating: "tin", count: 240).joined(separator: " ")
        let texts = [text, long].map { LabelledText(label: "x", parts: [$0]) }
        let corpus = Corpus(of: texts, plain: false, longestPhrase: 1) { _ in }
        #expect(corpus.lessons(of: [0]) == [0])
        let lessons = corpus.lessons(of: [1])
        #expect(lessons.count == 1 + Passages.count)
        #expect(lessons.allSatisfy { corpus.text(of: $0) == 1 })
    }

    @Test func aPassageCountsAsATextOfItsOwn() {
        let words = (0..<200).map { _ in "tin" }.joined(separator: " ")
        let half = (0..<100).map { _ in "tin" }.joined(separator: " ") + " tin"  // the border behind a text counts too
        let texts = [words, half].map { LabelledText(label: "x", parts: [$0]) }
        let corpus = Corpus(of: texts, plain: false, longestPhrase: 1) { _ in }
        // 201 syllables and borders: the second half is 100..<201, 100 words and the border.
        let second = corpus.row(corpus.lessons(of: [0])[3])
        var extractor = FeatureWeights()
        #expect(corpus.sums[second.lowerBound] == extractor.sum(of: 100))
        #expect(corpus.sums[corpus.row(1).lowerBound] == extractor.sum(of: 101))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import TopicModel
@testable import TopicTraining

@Suite struct WeightingTests {
    /// "bóng" is in all four articles on sport and in no other, "tin" in half of each topic's, "giá" in both on business
    /// and in one on sport; "quý" in one on business.
    private static let texts = [
        ("sport", "bóng tin"), ("sport", "bóng tin"), ("sport", "bóng giá"), ("sport", "bóng"),
        ("business", "giá tin"), ("business", "giá quý"),
    ].map { LabelledText(label: $0.0, parts: [$0.1]) }

    private static func worths(of learned: [Int], fewest: Int = 1) throws -> [String: Double] {
        let corpus = Corpus(of: texts, plain: false, longestPhrase: 1) { _ in }
        let labels = try LabelSet(texts + [LabelledText(label: "business", parts: [""])])
        let weighting = Weighting(of: corpus, texts: learned, labels: labels, fewest: fewest)
        var extractor = FeatureExtractor(longestPhrase: 1)
        return Dictionary(
            uniqueKeysWithValues: try ["bóng", "tin", "giá", "quý"].map { word in
                extractor.read([word])
                var (hashes, weights): ([UInt64], [UInt16]) = ([], [])
                extractor.appendFeatures(of: 0..<extractor.count, plain: false, to: &hashes, weights: &weights)
                return (word, weighting.worth(of: try #require(corpus.hashes.firstIndex(of: hashes[0]))))
            })
    }

    /// What a word is worth by the shares of the articles on each topic that have it.
    private static func expected(_ count: Double, of texts: Double, shares: [Double]) -> Double {
        let seen = shares.map { $0 + 3 / texts }
        let entropy = seen.reduce(0) { $0 - $1 / (seen[0] + seen[1]) * log($1 / (seen[0] + seen[1])) }
        return (log((texts + 1) / (count + 1)) + 1).squareRoot() * (1 + 3 * (1 - entropy / log(2)))
    }

    @Test func aWordOfOneTopicCountsMoreThanOneOfAll() throws {
        let worths = try Self.worths(of: Array(0..<6))
        let expected = [
            "bóng": Self.expected(4, of: 6, shares: [1, 0]), "tin": Self.expected(3, of: 6, shares: [0.5, 0.5]),
            "giá": Self.expected(3, of: 6, shares: [0.25, 1]), "quý": Self.expected(1, of: 6, shares: [0, 0.5]),
        ]
        for (word, worth) in expected {
            #expect(abs(try #require(worths[word]) - worth) <= 0.025 + 1e-9, "\(word): kept in twentieths")
        }
        let (one, all) = (try #require(worths["bóng"]), try #require(worths["tin"]))
        #expect(one > all * 1.2, "though it is in more articles")
    }

    /// What is held out says nothing: neither how rare a word is nor of which topic.
    @Test func onlyTheTextsThatAreLearnedFromCount() throws {
        let worths = try Self.worths(of: [0, 1, 2, 3, 4])
        #expect(worths["quý"] == 0, "no text that was learned from has it")
        let price = Self.expected(2, of: 5, shares: [0.25, 1])
        #expect(abs(try #require(worths["giá"]) - price) <= 0.025 + 1e-9)
    }

    @Test func aWordOfTooFewTextsCountsNothing() throws {
        let worths = try Self.worths(of: Array(0..<6), fewest: 2)
        #expect(worths["quý"] == 0)
        #expect(try #require(worths["giá"]) > 1)
    }
}

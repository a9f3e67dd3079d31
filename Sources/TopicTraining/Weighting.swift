// SPDX-License-Identifier: Apache-2.0
internal import TopicModel

/// How features become numbers: the same arithmetic as the scorer's, so that what is trained is what is scored.
struct Weighting {
    /// What each feature counts, in the twentieths that the file keeps.
    let steps: [UInt8]

    /// How much more a phrase of one topic alone counts than one that all topics have alike.
    private static let telling = 3.0
    /// So many texts that nobody has seen, mixed as all are, are added to those of each phrase: three texts that
    /// happen to be of one topic prove little.
    private static let unseen = 3.0

    /// Weighs the features by how few of `texts` have them, and by how much the topic of those is certain.
    ///
    /// - Parameters:
    ///   - texts: those that are learned from. What is held out must not be among them: its labels would tell.
    ///   - fewest: a feature of fewer texts counts nothing, as if it were not known.
    init(of corpus: Corpus, texts: [Int], labels: LabelSet, fewest: Int) {
        let topics = labels.topics.count
        var counts = [UInt32](repeating: 0, count: corpus.hashes.count * topics)
        var sizes = [Double](repeating: 0, count: topics)
        for text in texts {
            let topic = labels.ofTexts[text]
            sizes[topic] += 1
            for position in corpus.row(text) { counts[Int(corpus.features[position]) * topics + topic] += 1 }
        }
        steps = corpus.hashes.indices.map { feature in
            let ofTopics = counts[feature * topics..<(feature + 1) * topics]
            let count = Int(ofTopics.reduce(0, +))
            guard count >= fewest else { return 0 }
            let rarity = natural(Double(texts.count + 1) / Double(count + 1)) + 1
            let certainty = Weighting.certainty(ofTopics, of: sizes, texts: texts.count)
            let worth = rarity.squareRoot() * (1 + Weighting.telling * certainty)
            return UInt8(max(1, min(255, (worth * 20).rounded())))
        }
    }

    /// How certain the topic of a feature's texts is, if all topics were as common: from 0, if they are of all topics
    /// alike, to 1, if of one.
    private static func certainty(_ counts: ArraySlice<UInt32>, of sizes: [Double], texts: Int) -> Double {
        let shares = zip(counts, sizes).map { Double($0) / max($1, 1) + unseen / Double(texts) }
        let total = shares.reduce(0, +)
        let entropy = shares.reduce(0) { $0 - $1 / total * natural($1 / total) }
        return max(0, 1 - entropy / natural(Double(sizes.count)))
    }

    /// The values of a row, scaled to length 1, and its length before.
    func values(of row: Range<Int>, in corpus: Corpus) -> (values: [Double], length: Double) {
        var values = row.map { position in
            Double(FrequencyWeight.of(corpus.sums[position])) * worth(of: Int(corpus.features[position]))
        }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { for index in values.indices { values[index] /= length } }
        return (values, length)
    }

    func worth(of feature: Int) -> Double { Double(steps[feature]) / 20 }
}

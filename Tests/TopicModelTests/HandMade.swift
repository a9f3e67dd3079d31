// SPDX-License-Identifier: Apache-2.0
@testable import TopicModel

/// A model whose weights we chose: of single syllables, all of which count 1.
enum HandMade {
    static func model(
        _ weights: [(syllable: String, weights: [Float])], thirdShare: Float = 0, doubt: Float = 0,
        brevity: Float = 0, plain: Bool = false, in directory: borrowing TemporaryDirectory
    ) throws -> TopicModel {
        let topics = weights[0].weights.indices.map { TopicLabel(slug: "t\($0)", name: "\($0)", trainingArticles: 1) }
        var writer = ModelWriter(
            description: ModelDescription(name: "hand", topics: topics, provenance: []), longestPhrase: 1,
            vietnameseOnly: false, biases: [Float](repeating: 0, count: topics.count * 2), features: weights.count)
        var extractor = FeatureExtractor(longestPhrase: 1)
        for (syllable, weights) in weights {
            extractor.read([syllable])
            var (hashes, places): ([UInt64], [UInt16]) = ([], [])
            extractor.appendFeatures(of: 0..<1, plain: plain, to: &hashes, weights: &places)
            writer.add(ModelWriter.Feature(hash: hashes[0], worth: 20, weights: weights))
        }
        writer.calibrate(
            threshold: 0.3, markedSharpness: 1, plainSharpness: 1, doubt: doubt, brevity: brevity,
            thirdShare: thirdShare)
        let path = "\(directory.path)/hand\(thirdShare)-\(doubt)-\(brevity).topics"
        try writer.write(to: path)
        return try TopicModel(path: path)
    }

    /// The margins that a scorer makes of a text.
    static func margins(_ model: TopicModel, _ text: String) -> [Float] {
        var scorer = TopicScorer(model: model)
        scorer.begin()
        scorer.read(text)
        _ = scorer.finish()
        return scorer.margins(plain: scorer.isPlain)
    }
}

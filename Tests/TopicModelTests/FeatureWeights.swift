// SPDX-License-Identifier: Apache-2.0
import TopicModel

/// What the places of a text count.
struct FeatureWeights: ~Copyable {
    private var extractor = FeatureExtractor(longestPhrase: 1)

    /// The sum of the first `count` places.
    mutating func sum(of count: Int) -> UInt32 {
        extractor.read([[String](repeating: "tin", count: count).joined(separator: " ")])
        var (features, weights): ([UInt64], [UInt16]) = ([], [])
        extractor.appendFeatures(of: 0..<count, plain: false, to: &features, weights: &weights)
        return weights.reduce(0) { $0 + UInt32($1) }
    }
}

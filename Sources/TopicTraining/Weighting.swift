internal import TopicModel

/// How features become numbers: the same arithmetic as the scorer's, so that what is trained is what is scored.
struct Weighting {
    /// Inverse document frequency of each feature, in the twentieths that the file keeps.
    let steps: [UInt8]

    init(documentCounts: [UInt32], rows: Int) {
        steps = documentCounts.map { count in
            let idf = natural(Double(rows + 1) / Double(count + 1)) + 1
            return UInt8(max(1, min(255, (idf * 20).rounded())))
        }
    }

    /// The values of a row, scaled to length 1, and its length before.
    func values(of row: Range<Int>, in corpus: Corpus) -> (values: [Double], length: Double) {
        var values = row.map { position in
            Double(FrequencyWeight.of(corpus.sums[position])) * idf(Int(corpus.features[position]))
        }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { for index in values.indices { values[index] /= length } }
        return (values, length)
    }

    func idf(_ feature: Int) -> Double { Double(steps[feature]) / 20 }
}

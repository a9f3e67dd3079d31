/// A text as a model that did not learn from it sees it.
struct ScoredRow {
    /// The sum of the weights for each topic.
    let margins: [Double]
    /// The length of its feature vector before it was scaled to 1: long texts have much to go by, headlines little.
    let length: Double
}

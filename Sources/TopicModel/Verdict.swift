/// What the model makes of one text.
public struct Verdict: Sendable, Equatable {
    /// The probability of each topic, in the order of the model's topics; they add up to 1.
    public let scores: [Float]
    /// The index of the most probable topic.
    public let best: Int
    /// The best topic is below the model's threshold, or there was nothing to go by.
    public let undecided: Bool
    /// The language of the text.
    public let language: Language
    /// The phrases that decided, if asked for: the most telling first.
    public let evidence: [Evidence]
}

/// A phrase of the text, and what it said.
public struct Evidence: Sendable, Equatable {
    /// The phrase as it stands in the text.
    public let phrase: String
    /// The index of the topic that it speaks about: the best one.
    public let topic: Int
    /// Its share of all that was said for and against the topic; negative speaks against.
    public let weight: Float
}

/// What the model makes of one text.
public struct Verdict: Sendable, Equatable {
    /// The probability of each topic, in the order of the model's topics; they add up to 1.
    public let scores: [Float]
    /// The index of the most probable topic.
    public let best: Int
    /// There was nothing to go by: no word that the model knows, or another language. The scores are all the same.
    public let isGroundless: Bool
    /// The best topic is below the model's threshold, or there was nothing to go by.
    public let undecided: Bool
    /// The language of the text.
    public let language: Language
    /// The phrases that decided, if asked for: the most telling first.
    public let phrases: [DecidingPhrase]
}

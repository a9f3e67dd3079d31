/// A phrase of the text, and what it said.
public struct DecidingPhrase: Sendable, Equatable {
    /// The phrase as it stands in the text.
    public let phrase: String
    /// The index of the topic that it speaks about: the best one.
    public let topic: Int
    /// Its share of all that was said for and against the topic; negative speaks against.
    public let weight: Float
}

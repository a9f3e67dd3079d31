/// The language that a text seems to be written in.
public struct Language: Sendable, Hashable {
    /// The BCP 47 tag; `und` if it cannot be told.
    public let tag: String
    /// How sure that is, 0 to 1.
    public let confidence: Float

    /// Makes a language with a confidence.
    public init(tag: String, confidence: Float) {
        self.tag = tag
        self.confidence = confidence
    }

    /// Nothing to go by.
    public static let undetermined = Language(tag: "und", confidence: 0)
}

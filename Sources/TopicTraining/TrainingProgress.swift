/// How far a training is: for people who wait.
public struct TrainingProgress: Sendable {
    /// What is being done, in a few words.
    public let stage: String
    /// How much of all the work is done: 0 to 1.
    public let fraction: Double
}

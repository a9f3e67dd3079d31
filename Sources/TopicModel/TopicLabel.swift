/// One of a model's topics.
public struct TopicLabel: Sendable, Hashable {
    /// The stable name: `[a-z0-9-]`, at most 63 bytes.
    public let slug: String
    /// The name for people.
    public let name: String
    /// How many articles the model learned it from.
    public let trainingArticles: Int

    /// Makes a topic.
    public init(slug: String, name: String, trainingArticles: Int) {
        self.slug = slug
        self.name = name
        self.trainingArticles = trainingArticles
    }
}

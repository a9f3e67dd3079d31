/// What a model file says of itself in words: lines of `key: value`, in UTF-8.
public struct ModelDescription: Sendable, Equatable {
    /// The model's name: `vntc-10`.
    public var name: String
    /// The topics, in the order of the weights.
    public var topics: [TopicLabel]
    /// Where the model comes from, how to make it again, and how good it is: one fact a line.
    public var provenance: [String]

    /// Makes a description.
    public init(name: String, topics: [TopicLabel], provenance: [String]) {
        self.name = name
        self.topics = topics
        self.provenance = provenance
    }

    /// The description as the file keeps it.
    func encoded() -> [UInt8] {
        var text = "name: \(name)\n"
        for topic in topics { text += "topic: \(topic.slug) \(topic.trainingArticles) \(topic.name)\n" }
        for line in provenance {
            text += "provenance: \(line.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
        }
        return [UInt8](text.utf8)
    }

    /// Reads a description; nil if it is none.
    init?(decoding bytes: UnsafeRawBufferPointer) {
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else { return nil }
        var name: String?
        topics = []
        provenance = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon] {
            case "name": name = String(value)
            case "provenance": provenance.append(String(value))
            case "topic":
                let parts = value.split(separator: " ", maxSplits: 2)
                guard parts.count == 3, let count = Int(parts[1]), count >= 0, Slug.isValid(parts[0]) else {
                    return nil
                }
                topics.append(TopicLabel(slug: String(parts[0]), name: String(parts[2]), trainingArticles: count))
            default: continue  // a newer writer says more
            }
        }
        guard let name, Set(topics.map(\.slug)).count == topics.count else { return nil }
        self.name = name
    }
}

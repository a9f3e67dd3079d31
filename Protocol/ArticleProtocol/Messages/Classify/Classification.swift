/// What the classifier made of a text.
public struct Classification: ProtocolMessage {
    public static var name: String { "articled.v1.Classification" }

    /// All of the model's topics, most probable first; the scores add up to 1.
    public var topics: [Topic]
    /// The first topic's score is below the model's threshold, or there is nothing to go by.
    public var undecided: Bool
    /// BCP 47; "und" if it cannot be told.
    public var language: String
    /// 0 to 1.
    public var languageConfidence: Float
    /// If asked for: most telling first.
    public var evidence: [Evidence]
    /// Which model answered: name and checksum.
    public var model: String

    public init() { self.init(topics: []) }

    public init(
        topics: [Topic] = [], undecided: Bool = false, language: String = "", languageConfidence: Float = 0,
        evidence: [Evidence] = [], model: String = ""
    ) {
        self.topics = topics
        self.undecided = undecided
        self.language = language
        self.languageConfidence = languageConfidence
        self.evidence = evidence
        self.model = model
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: topics.append(try reader.message(after: topics.count, most: Limits.repeated))
        case 2: undecided = try reader.bool()
        case 3: language = try reader.string()
        case 4: languageConfidence = try reader.float()
        case 5: evidence.append(try reader.message(after: evidence.count, most: Limits.repeated))
        case 6: model = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(topics, at: 1)
        writer.write(undecided, at: 2)
        writer.write(language, at: 3)
        writer.write(languageConfidence, at: 4)
        writer.write(evidence, at: 5)
        writer.write(model, at: 6)
    }
}

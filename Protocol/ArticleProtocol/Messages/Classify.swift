/// The request of classify.text.
public struct ClassifyTextRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyTextRequest" }

    /// The headline, if there is one.
    public var title: String
    /// The text.
    public var body: String
    /// Whether to tell the phrases that decided.
    public var explain: Bool

    public init() { self.init(title: "") }

    public init(
        title: String = "", body: String = "", explain: Bool = false
    ) {
        self.title = title
        self.body = body
        self.explain = explain
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: title = try reader.string()
        case 2: body = try reader.string()
        case 3: explain = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(title, at: 1)
        writer.write(body, at: 2)
        writer.write(explain, at: 3)
    }
}

/// The request of classify.article.
public struct ClassifyArticleRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleRequest" }

    /// Which article.
    public var key: ArticleKey?
    /// Whether to tell the phrases that decided.
    public var explain: Bool
    /// Store the topics with the article.
    public var writeBack: Bool

    public init() { self.init(key: nil) }

    public init(
        key: ArticleKey? = nil, explain: Bool = false, writeBack: Bool = false
    ) {
        self.key = key
        self.explain = explain
        self.writeBack = writeBack
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &key)
        case 2: explain = try reader.bool()
        case 3: writeBack = try reader.bool()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(key, at: 1)
        writer.write(explain, at: 2)
        writer.write(writeBack, at: 3)
    }
}

/// The response of classify.article.
public struct ClassifyArticleResult: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleResult" }

    /// The article's topics.
    public var classification: Classification?
    /// If written back.
    public var stored: PutResult?

    public init() { self.init(classification: nil) }

    public init(
        classification: Classification? = nil, stored: PutResult? = nil
    ) {
        self.classification = classification
        self.stored = stored
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: try reader.merge(into: &classification)
        case 2: try reader.merge(into: &stored)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(classification, at: 1)
        writer.write(stored, at: 2)
    }
}

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

/// A phrase that spoke for or against a topic.
public struct Evidence: ProtocolMessage {
    public static var name: String { "articled.v1.Evidence" }

    /// As it stands in the text.
    public var phrase: String
    /// Slug.
    public var topic: String
    /// Share of the score; negative speaks against.
    public var weight: Float

    public init() { self.init(phrase: "") }

    public init(
        phrase: String = "", topic: String = "", weight: Float = 0
    ) {
        self.phrase = phrase
        self.topic = topic
        self.weight = weight
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: phrase = try reader.string()
        case 2: topic = try reader.string()
        case 3: weight = try reader.float()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(phrase, at: 1)
        writer.write(topic, at: 2)
        writer.write(weight, at: 3)
    }
}

/// The request of classify.topics.
public struct TopicsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of classify.topics.
public struct TopicsResult: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsResult" }

    /// All topics that the model can tell apart.
    public var topics: [TopicDescription]
    /// Which model: name and checksum.
    public var model: String
    /// Below it the answer is undecided.
    public var threshold: Float

    public init() { self.init(topics: []) }

    public init(
        topics: [TopicDescription] = [], model: String = "", threshold: Float = 0
    ) {
        self.topics = topics
        self.model = model
        self.threshold = threshold
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: topics.append(try reader.message(after: topics.count, most: Limits.repeated))
        case 2: model = try reader.string()
        case 3: threshold = try reader.float()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(topics, at: 1)
        writer.write(model, at: 2)
        writer.write(threshold, at: 3)
    }
}

/// One of a model's topics.
public struct TopicDescription: ProtocolMessage {
    /// "Kinh doanh": for people.
    public static var name: String { "articled.v1.TopicDescription" }

    /// "kinh-doanh": stable.
    public var slug: String
    /// "Kinh doanh": for people.
    public var name: String
    /// How many articles of this topic the model has learnt from.
    public var trainingArticles: UInt64

    public init() { self.init(slug: "") }

    public init(
        slug: String = "", name: String = "", trainingArticles: UInt64 = 0
    ) {
        self.slug = slug
        self.name = name
        self.trainingArticles = trainingArticles
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: slug = try reader.string()
        case 2: name = try reader.string()
        case 3: trainingArticles = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(slug, at: 1)
        writer.write(name, at: 2)
        writer.write(trainingArticles, at: 3)
    }
}

// SPDX-License-Identifier: Apache-2.0
/// The request of `classify.text`.
public struct ClassifyTextRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyTextRequest" }

    /// The headline, if there is one.
    public var title: String
    /// The text.
    public var body: String
    /// Whether to return the phrases that decided.
    public var explain: Bool
    /// The language of the text as a BCP 47 tag, if it is known; empty: it is detected.
    public var language: String

    public init() { self.init(title: "") }

    /// Creates a message from its fields.
    public init(title: String = "", body: String = "", explain: Bool = false, language: String = "") {
        self.title = title
        self.body = body
        self.explain = explain
        self.language = language
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: title = try reader.string()
        case 2: body = try reader.string()
        case 3: explain = try reader.bool()
        case 4: language = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(title, at: 1)
        writer.write(body, at: 2)
        writer.write(explain, at: 3)
        writer.write(language, at: 4)
    }
}

/// The request of `classify.article`.
public struct ClassifyArticleRequest: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleRequest" }

    /// The article to classify.
    public var key: ArticleKey?
    /// Whether to return the phrases that decided.
    public var explain: Bool
    /// Whether to store the topics with the article.
    public var writeBack: Bool

    public init() { self.init(key: nil) }

    /// Creates a message from its fields.
    public init(key: ArticleKey? = nil, explain: Bool = false, writeBack: Bool = false) {
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

/// The response of `classify.article`.
public struct ClassifyArticleResult: ProtocolMessage {
    public static var name: String { "articled.v1.ClassifyArticleResult" }

    /// The article's classification.
    public var classification: Classification?
    /// The result of the write-back, if there was one.
    public var stored: PutResult?

    public init() { self.init(classification: nil) }

    /// Creates a message from its fields.
    public init(classification: Classification? = nil, stored: PutResult? = nil) {
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

/// The classifier's result for one text.
public struct Classification: ProtocolMessage {
    public static var name: String { "articled.v1.Classification" }

    /// All of the model's topics, most probable first. The scores add up to 1.
    public var topics: [Topic]
    /// Whether no topic is certain: the first topic's score is below the model's threshold, or the text has no known
    /// words.
    public var undecided: Bool
    /// The language as a BCP 47 tag; "und" if it is undetermined.
    public var language: String
    /// The confidence in ``language``, 0 to 1.
    public var languageConfidence: Float
    /// The phrases that decided, strongest first. Empty unless the request asked for an explanation.
    public var evidence: [Evidence]
    /// The model's name and checksum.
    public var model: String

    public init() { self.init(topics: []) }

    /// Creates a message from its fields.
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
        case 1: topics.append(try reader.message(after: topics.count, max: Limits.repeated))
        case 2: undecided = try reader.bool()
        case 3: language = try reader.string()
        case 4: languageConfidence = try reader.float()
        case 5: evidence.append(try reader.message(after: evidence.count, max: Limits.repeated))
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

/// A phrase that counted for or against a topic.
public struct Evidence: ProtocolMessage {
    public static var name: String { "articled.v1.Evidence" }

    /// The phrase, as written in the text.
    public var phrase: String
    /// The slug of the topic.
    public var topic: String
    /// The phrase's share of the score. Negative: it counted against the topic.
    public var weight: Float

    public init() { self.init(phrase: "") }

    /// Creates a message from its fields.
    public init(phrase: String = "", topic: String = "", weight: Float = 0) {
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

/// The request of `classify.topics`. It has no fields.
public struct TopicsRequest: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `classify.topics`.
public struct TopicsResult: ProtocolMessage {
    public static var name: String { "articled.v1.TopicsResult" }

    /// All topics that the model knows.
    public var topics: [TopicDescription]
    /// The model's name and checksum.
    public var model: String
    /// A classification whose best score is below this is undecided.
    public var threshold: Float

    public init() { self.init(topics: []) }

    /// Creates a message from its fields.
    public init(topics: [TopicDescription] = [], model: String = "", threshold: Float = 0) {
        self.topics = topics
        self.model = model
        self.threshold = threshold
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: topics.append(try reader.message(after: topics.count, max: Limits.repeated))
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
    public static var name: String { "articled.v1.TopicDescription" }

    /// The stable name: "kinh-doanh".
    public var slug: String
    /// The name for people: "Kinh doanh".
    public var name: String
    /// How many articles of this topic the model was trained on.
    public var trainingArticles: UInt64

    public init() { self.init(slug: "") }

    /// Creates a message from its fields.
    public init(slug: String = "", name: String = "", trainingArticles: UInt64 = 0) {
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

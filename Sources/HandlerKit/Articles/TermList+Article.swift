public import ArticleProtocol

extension TermList {
    /// What an article is found under: its topics (of more than 62 the first), its source, its language.
    public init(of article: ArticleContent, in bytes: RawSpan) {
        self.init()
        for topic in article.topics where count < Self.limit - 2 { appendTopic(bytes.extracting(topic)) }
        if let source = article.source { appendSource(bytes.extracting(source)) }
        if let language = article.language { appendLanguage(bytes.extracting(language)) }
    }

    /// The term of an article that is still to be classified. It says nothing of the article itself: whoever classifies it
    /// stores it without.
    public mutating func appendAwaitsTopics() { append("w:topics", RawSpan()) }

    /// The term of a topic, by its slug. An empty one has none.
    public mutating func appendTopic(_ slug: RawSpan) {
        if slug.byteCount > 0 { append("t:", slug) }
    }

    /// The term of a source, byte for byte as it is written. An empty one has none.
    public mutating func appendSource(_ source: RawSpan) {
        if source.byteCount > 0 { append("s:", source) }
    }

    /// The term of a language. Its tag counts in any case (RFC 5646, section 2.1.1). An empty one has none.
    public mutating func appendLanguage(_ language: RawSpan) {
        guard language.byteCount > 0 else { return }
        let lower = [UInt8](joining: language).map {
            $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0
        }
        append("l:", lower.rawSpan)
    }
}

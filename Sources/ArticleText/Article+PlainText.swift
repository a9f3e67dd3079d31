public import ArticleProtocol

extension Article {
    /// An article as a plain text file tells it: see ``PlainText``. `original.head`, the body's bytes and `original.tail`
    /// are the file, byte for byte.
    public init(plainText bytes: [UInt8]) throws(PlainTextError) {
        let text = try PlainText(bytes)
        self.init(
            source: text.source, title: text.title, body: String(decoding: bytes[text.body], as: UTF8.self),
            author: text.author, publishedAt: text.publishedAt, language: text.language, rating: text.rating,
            original: Original(
                head: Array(bytes[..<text.body.lowerBound]), tail: Array(bytes[text.body.upperBound...]),
                mediaType: "text/plain"))
    }

    /// The bytes of the file that the article was read from; the body's if it was not read from one.
    public var originalBytes: [UInt8] {
        guard let original else { return Array(body.utf8) }
        return original.head + Array(body.utf8) + original.tail
    }
}

import ArticleProtocol

/// Identities for articles that bring neither an id nor a URL. They depend on what is stored alone, so that storing the
/// same thing twice, or an import that is begun again, makes no second article.
enum DerivedID {
    /// For a record that its collection knows by a name: the same namespace and name are the same article.
    static func named(_ name: String, in namespace: String) -> ArticleID {
        make(Array("name\0\(namespace)\0\(name)".utf8))
    }

    /// For a record without a name: the same content is the same article.
    static func content(_ article: Article) -> ArticleID {
        var plain = article
        plain.id = nil
        return make(Array("content\0".utf8) + plain.encoded())
    }

    /// A UUIDv7 whose time is 0, as none is known, and whose 74 free bits are of a SHA-256.
    private static func make(_ bytes: [UInt8]) -> ArticleID {
        let digest = SHA256.digest(bytes)
        var words: [UInt64] = [0, 0]
        for (index, byte) in digest.prefix(16).enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        return ArticleID(high: 7 << 12 | words[0] & 0xfff, low: 2 << 62 | words[1] & (1 << 62 - 1))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// Ids for articles without an id and a URL. They are derived from the article alone, so storing the same article twice, or
/// repeating an import, makes no second one.
enum DerivedID {
    /// For a record that its collection knows by a name: the same namespace and name are the same article.
    ///
    /// The id holds no time, even if the article has one: a corrected date must change the article, not make a second one.
    static func named(_ name: String, in namespace: String) -> ArticleID {
        make(Array("name\0\(namespace)\0\(name)".utf8), at: 0)
    }

    /// For a record without a name: the same content is the same article. The time of publication is part of the content,
    /// so the id can begin with it: such articles are sorted by time, which fills the pages of the index best.
    static func content(_ article: Article) -> ArticleID {
        var plain = article
        plain.id = nil
        return make(Array("content\0".utf8) + plain.encoded(), at: article.publishedAt)
    }

    /// A UUIDv7 of a time in milliseconds since 1970 (0 if it does not fit into 48 bits) and 74 bits of a SHA-256.
    private static func make(_ bytes: [UInt8], at time: Int64) -> ArticleID {
        let digest = SHA256.digest(bytes)
        var words: [UInt64] = [0, 0]
        for (index, byte) in digest.prefix(16).enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        let time = UInt64(exactly: time).flatMap { $0 < 1 << 48 ? $0 : nil } ?? 0
        return ArticleID(high: time << 16 | 7 << 12 | words[0] & 0xfff, low: 2 << 62 | words[1] & (1 << 62 - 1))
    }
}

extension ArticleKey {
    /// An article as a person names it: by id, or by URL.
    init(operand: String) throws(CommandFailure) {
        if let id = ArticleID(operand) {
            guard id.isVersion7 else { throw .usage("\(operand) is a UUID, but not of version 7: no article has it") }
            self.init(id: id)
        } else if operand.contains(":") {
            self.init(url: operand)
        } else {
            throw .usage("\"\(operand)\" is neither an article's id nor a URL", hint: "`articlectl list` shows the ids")
        }
    }

    var text: String { id.map { "\($0)" } ?? url }
}

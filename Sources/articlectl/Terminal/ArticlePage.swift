// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux

/// Articles as people read them.
enum ArticlePage {
    /// The body's first words, which stand for a title where there is none.
    static func beginning(of body: String) -> String {
        let start = body.prefix(300).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return start.cut(to: 90)
    }

    /// - Parameter width: of the terminal; nil: paragraphs are one line each.
    static func page(_ article: Article, width: Int?, style: Style) -> String {
        let measure = width.map { min($0, 100) } ?? Int.max
        var lines: [String] = []
        if !article.title.isEmpty {
            lines += Wrapping.fill(Sanitised.text(article.title), width: measure).map(style.bold) + [""]
        }
        var facts = [article.source, article.author].filter { !$0.isEmpty }.map { Sanitised.text($0) }
        let age = Quantity.age(of: article.listedAt, now: clinux_wall_clock_ms())
        facts.append(TimeText.local(article.listedAt) + (width == nil ? "" : " (\(age))"))
        if !article.language.isEmpty { facts.append(Sanitised.text(article.language)) }
        if !article.topics.isEmpty { facts.append(topics(article.topics)) }
        if let rating = article.rating { facts.append(Quantity.count(rating.count, "rating")) }
        lines += Wrapping.fill(facts.joined(separator: " · "), width: measure).map(style.faint)
        if !article.url.isEmpty { lines.append(style.faint(Sanitised.text(article.url))) }
        if !article.summary.isEmpty {
            lines += [""] + Wrapping.fill(Sanitised.text(article.summary), width: measure).map(style.bold)
        }
        for paragraph in paragraphs(article.body) { lines += [""] + Wrapping.fill(paragraph, width: measure) }
        lines += ["", style.faint("\(article.id.map { "\($0)" } ?? "")  revision \(article.revision)")]
        return lines.joined(separator: "\n") + "\n"
    }

    /// "Kinh doanh 0.93, The gioi 0.05"
    static func topics(_ topics: [Topic], most: Int = 3) -> String {
        topics.prefix(most).map { topic in
            Sanitised.text(topic.name.isEmpty ? topic.slug : topic.name)
                + (topic.score < 1 ? " " + Quantity.fixed(Double(topic.score), 2) : "")
        }.joined(separator: ", ")
    }

    private static func paragraphs(_ body: String) -> [String] {
        body.split(whereSeparator: \.isNewline).map { Sanitised.text($0).split(separator: " ").joined(separator: " ") }
            .filter { !$0.isEmpty }
    }
}

/// Where an article comes from, for messages: "story.txt", "archive.jsonl:17".
struct Origin: Sendable, Equatable, CustomStringConvertible {
    let file: String
    /// From 1; nil if the file is one article.
    let line: Int?

    var description: String { line.map { "\(file):\($0)" } ?? file }
}

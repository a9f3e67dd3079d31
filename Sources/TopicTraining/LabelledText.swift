internal import FoundationEssentials
internal import TopicModel

/// An article whose topic is known.
public struct LabelledText: Sendable {
    /// The topic as the data names it.
    public let label: String
    /// The title and the body; or one text that begins with the title.
    public let parts: [String]

    /// Makes a labelled text.
    public init(label: String, parts: [String]) {
        self.label = label
        self.parts = parts
    }
}

extension LabelledText {
    /// A line of a data set. The label is `label`, `topic` or the first of `topics` (a slug, or an object with one), the
    /// text is `text`, or `title`, `summary` and `body`: so that what `articlectl export` writes is training data.
    private struct Line: Decodable {
        let label: String?
        let topic: String?
        let topics: [TopicName]?
        let text: String?
        let title: String?
        let summary: String?
        let body: String?
    }

    private struct TopicName: Decodable {
        let slug: String

        private enum CodingKeys: String, CodingKey { case slug }

        init(from decoder: any Decoder) throws {
            if let plain = try? decoder.singleValueContainer().decode(String.self) {
                slug = plain
            } else {
                slug = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .slug)
            }
        }
    }

    init(json: ArraySlice<UInt8>) throws(TopicModelError) {
        let line: Line
        do {
            line = try JSONDecoder().decode(Line.self, from: Data(json))
        } catch {
            throw TopicModelError(.unsuitable, "not a JSON object with text fields")
        }
        guard let label = line.label ?? line.topic ?? line.topics?.first?.slug, !label.isEmpty else {
            throw TopicModelError(.unsuitable, "no label")
        }
        let parts = [line.text, line.title, line.summary, line.body].compactMap { $0 }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { throw TopicModelError(.unsuitable, "no text") }
        self.init(label: label, parts: parts)
    }
}

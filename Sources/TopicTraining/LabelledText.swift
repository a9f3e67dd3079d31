// SPDX-License-Identifier: Apache-2.0
internal import JSONTree
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
    init(json: ArraySlice<UInt8>) throws(TopicModelError) {
        guard let line = try? JSONParser.parse(Array(json)), case .members = line else { throw Self.unsuitable }
        let label: String?
        if let given = try Self.text(line["label"]) {
            label = given
        } else if let given = try Self.text(line["topic"]) {
            label = given
        } else {
            label = try Self.firstTopic(line["topics"])
        }
        guard let label, !label.isEmpty else { throw TopicModelError(.unsuitable, "no label") }
        var parts: [String] = []
        for name in ["text", "title", "summary", "body"] {
            if let part = try Self.text(line[name]), !part.isEmpty { parts.append(part) }
        }
        guard !parts.isEmpty else { throw TopicModelError(.unsuitable, "no text") }
        self.init(label: label, parts: parts)
    }

    private static var unsuitable: TopicModelError {
        TopicModelError(.unsuitable, "not a JSON object with text fields")
    }

    private static func text(_ value: JSON?) throws(TopicModelError) -> String? {
        switch value {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw unsuitable
        }
    }

    private static func firstTopic(_ value: JSON?) throws(TopicModelError) -> String? {
        switch value {
        case nil, .null?, .array([])?: return nil
        case .array(let topics)?: return try text(topics[0]["slug"] ?? topics[0])
        default: throw unsuitable
        }
    }
}

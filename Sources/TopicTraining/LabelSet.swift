// SPDX-License-Identifier: Apache-2.0
internal import TopicModel

/// The topics of the training texts, and which text has which.
struct LabelSet {
    /// In the order of their slugs, so that the order of the data does not matter.
    let topics: [TopicLabel]
    /// The index of each text's topic.
    let ofTexts: [Int]

    init(_ texts: [LabelledText]) throws(TopicModelError) {
        var counts: [String: Int] = [:]
        for text in texts { counts[text.label, default: 0] += 1 }
        guard counts.count >= 2 else {
            throw TopicModelError(.unsuitable, "the data has \(counts.count) topics; a model needs at least 2")
        }
        guard counts.count <= 128 else {
            throw TopicModelError(.unsuitable, "the data has \(counts.count) topics; a model has at most 128")
        }
        var topics: [TopicLabel] = []
        for (label, count) in counts {
            let slug = Slug.make(label)
            guard Slug.isValid(slug) else {
                throw TopicModelError(
                    .unsuitable, "the label \"\(label)\" makes no slug: it needs a Latin letter or a digit")
            }
            guard count >= 3 else {
                throw TopicModelError(
                    .unsuitable, "the topic \"\(label)\" has \(count) articles; a topic needs at least 3")
            }
            topics.append(TopicLabel(slug: slug, name: label, trainingArticles: count))
        }
        topics.sort { ($0.slug, $0.name) < ($1.slug, $1.name) }
        for (one, other) in zip(topics, topics.dropFirst()) where one.slug == other.slug {
            throw TopicModelError(
                .unsuitable,
                "the labels \"\(one.name)\" and \"\(other.name)\" both make the slug \(one.slug); rename one")
        }
        self.topics = topics
        let numbers = Dictionary(uniqueKeysWithValues: topics.enumerated().map { ($1.name, $0) })
        ofTexts = texts.map { numbers[$0.label] ?? 0 }
    }

    /// The part that each text is held out in. A part is a run of each topic's texts in the order of the data: what
    /// lies side by side there (a paper's week) is alike, and would flatter if it were spread over the parts.
    func folds(_ count: Int) -> [Int] {
        var seen = [Int](repeating: 0, count: topics.count)
        return ofTexts.map { topic in
            let fold = seen[topic] * count / topics[topic].trainingArticles
            seen[topic] += 1
            return min(fold, count - 1)
        }
    }
}

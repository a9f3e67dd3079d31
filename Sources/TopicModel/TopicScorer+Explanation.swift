// SPDX-License-Identifier: Apache-2.0
extension TopicScorer {
    /// The maximum number of phrases in an explanation.
    private static let maxPhrases = 12

    /// The first occurrence of a feature.
    private struct Finding {
        let first: Int
        let last: Int
        /// The known features within it, including itself: for "trận đấu" also "trận" and "đấu".
        var parts: [UInt32] = []
    }

    /// The phrases with the largest weights for or against `topic`, strongest first. Overlapping phrases count once,
    /// and so does each feature: after "thông tin", "thông" adds nothing to "viễn thông". The weight of a phrase is its
    /// contribution to the margins: in the whole text, and in each third if they are scored.
    func phrases(for topic: Int, plain: Bool, in texts: [String]) -> [DecidingPhrase] {
        var findings = findings(plain: plain)
        var left: [UInt32: Float] = [:]
        var total: Float = 0
        for position in 0..<counts.count {
            let slot = unsafe counts.slots[position]  // below `count`
            let weight = contribution(of: slot, frequency: frequency(position), to: topic)
            left[slot] = weight
            total += abs(weight)
        }
        guard total > 0 else { return [] }
        for (slot, finding) in findings {
            var parts: [UInt32] = []
            forEachFeature(from: finding.first, through: finding.last, plain: plain) { part, _, _ in
                parts.append(part)
            }
            findings[slot]?.parts = parts
        }
        var candidates = Array(findings.values)
        var phrases: [DecidingPhrase] = []
        while phrases.count < TopicScorer.maxPhrases {
            let weights = candidates.map { $0.parts.reduce(0) { $0 + (left[$1] ?? 0) } }
            let best = candidates.indices.max {
                let (one, other) = (candidates[$0], candidates[$1])
                return (abs(weights[$0]), other.first, other.last) < (abs(weights[$1]), one.first, one.last)
            }
            guard let best, weights[best] != 0 else { break }
            let chosen = candidates[best]
            for part in chosen.parts { left[part] = nil }
            candidates.removeAll { $0.first <= chosen.last && chosen.first <= $0.last }
            guard let phrase = phrase(from: chosen.first, through: chosen.last, in: texts) else { continue }
            phrases.append(DecidingPhrase(phrase: phrase, topic: topic, weight: weights[best] / total))
        }
        return phrases
    }

    private func findings(plain: Bool) -> [UInt32: Finding] {
        var findings: [UInt32: Finding] = [:]
        forEachFeature(from: 0, through: syllables.count - 1, plain: plain) { slot, first, last in
            if findings[slot] == nil { findings[slot] = Finding(first: first, last: last) }
        }
        return findings
    }

    /// Calls `body` for each known feature between two syllables, with its slot, its first and its last syllable.
    private func forEachFeature(from start: Int, through end: Int, plain: Bool, _ body: (UInt32, Int, Int) -> Void) {
        guard start <= end else { return }
        let slots = SlotTable(model)
        let longest = Int(model.header.longestPhrase)
        syllables.forEachFeature(
            of: start..<end + 1, beginningIn: start..<end + 1, plain: plain, longest: longest
        ) { hash, first, last in
            if let slot = slots.find(hash) { body(slot, first, last) }
        }
    }

    /// The factor of the feature at a position of the counts in the margins, without its row.
    private func frequency(_ position: Int) -> Float {
        (0..<FeatureCounts.passages).reduce(0) { sum, passage in
            // Four sums each; `position` is below the count.
            let count = unsafe counts.sums[position * FeatureCounts.passages + passage]
            return sum + FrequencyWeight.of(count) * scales.ofPassages[passage]
        }
    }

    /// The contribution of a feature to the topic, relative to the mean of all topics.
    private func contribution(of slot: UInt32, frequency: Float, to topic: Int) -> Float {
        // The slot was counted, so `find` returned it. Its row covers all topics, and the table of scales all bytes.
        let row = unsafe SlotTable(model).row(slot)
        let factor = unsafe frequency * ScorerTables.scales[Int(row[1])]
        var sum: Float = 0
        for index in model.topics.indices {
            unsafe sum += Float(Int8(bitPattern: row[ModelHeader.weightOffset + index]))
        }
        let own = unsafe Float(Int8(bitPattern: row[ModelHeader.weightOffset + topic]))
        return (own - sum / Float(model.topics.count)) * factor
    }

    /// The words from one syllable to another, as written in the text.
    private func phrase(from first: Int, through last: Int, in texts: [String]) -> String? {
        // Both are below `count`.
        let start = unsafe syllables.places[first]
        let end = unsafe syllables.places[last]
        let mask: UInt64 = (1 << 28) - 1
        guard start >> 56 == end >> 56, let number = Int(exactly: start >> 56), number < texts.count else { return nil }
        let bytes = texts[number].utf8
        let from = Int(start >> 28 & mask)
        let until = Int(end & mask)
        guard from <= until, until <= bytes.count else { return nil }
        return String(decoding: bytes.dropFirst(from).prefix(until - from), as: UTF8.self)
    }
}

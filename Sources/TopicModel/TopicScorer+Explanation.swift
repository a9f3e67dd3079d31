extension TopicScorer {
    /// How many phrases an explanation names.
    private static let mostPhrases = 12

    /// A feature: where it was first met, and what its places weigh.
    private struct Finding {
        let first: Int
        let last: Int
        var weight: UInt32 = 0
        /// What it said by itself.
        var own: Float = 0
        /// What it and all features within it said: of "trận đấu" those of "trận" and "đấu" too.
        var whole: Float = 0
    }

    /// The phrases that spoke most for or against `topic`, the most telling first. Phrases that overlap are one.
    func phrases(for topic: Int, plain: Bool, in texts: [String]) -> [DecidingPhrase] {
        var findings = findings(plain: plain)
        var total: Float = 0
        for (slot, finding) in findings {
            let weight = contribution(of: slot, weight: finding.weight, to: topic)
            findings[slot]?.own = weight
            total += abs(weight)
        }
        guard total > 0 else { return [] }
        for (slot, finding) in findings {
            var whole: Float = 0
            forEachFeature(from: finding.first, through: finding.last, plain: plain) { part, _, _ in
                whole += findings[part]?.own ?? 0
            }
            findings[slot]?.whole = whole
        }
        let ranked = findings.values.sorted {
            (abs($0.whole), $1.first, $1.last) > (abs($1.whole), $0.first, $0.last)
        }
        var chosen: [Finding] = []
        var phrases: [DecidingPhrase] = []
        for finding in ranked where phrases.count < TopicScorer.mostPhrases {
            if chosen.contains(where: { $0.first <= finding.last && finding.first <= $0.last }) { continue }
            guard let phrase = phrase(from: finding.first, through: finding.last, in: texts) else { continue }
            chosen.append(finding)
            phrases.append(DecidingPhrase(phrase: phrase, topic: topic, weight: finding.whole / total))
        }
        return phrases
    }

    private func findings(plain: Bool) -> [UInt32: Finding] {
        var findings: [UInt32: Finding] = [:]
        forEachFeature(from: 0, through: syllables.count - 1, plain: plain) { slot, first, last in
            let weight = unsafe UInt32(placeWeights[min(first, ScorerTables.places - 1)])
            findings[slot, default: Finding(first: first, last: last)].weight += weight
        }
        return findings
    }

    /// Calls `body` with the slot, the first and the last syllable of each known feature that lies between two syllables.
    private func forEachFeature(from start: Int, through end: Int, plain: Bool, _ body: (UInt32, Int, Int) -> Void) {
        guard start <= end else { return }
        let space = plain ? FeatureHash.plainSpace : FeatureHash.markedSpace
        let slots = SlotTable(model)
        for first in start...end {
            // Indices stay below `syllables.count`: both ends come from there.
            var phrase = unsafe plain ? syllables.plain[first] : syllables.marked[first]
            if phrase == 0 { continue }
            var last = first
            while true {
                if let slot = slots.find(FeatureHash.feature(phrase, space: space)) { body(slot, first, last) }
                last += 1
                guard last <= end, last - first < Int(model.header.longestPhrase) else { break }
                let syllable = unsafe plain ? syllables.plain[last] : syllables.marked[last]
                if syllable == 0 { break }
                phrase = FeatureHash.join(phrase, syllable)
            }
        }
    }

    /// What a feature adds to the topic above what it adds to topics in general.
    private func contribution(of slot: UInt32, weight: UInt32, to topic: Int) -> Float {
        // `find` gave the slot, whose size covers all topics; the tables are as long as these indices reach.
        let row = unsafe SlotTable(model).row(slot)
        let factor = unsafe FrequencyWeight.of(weight) * scales[Int(row[1])]
        var sum: Float = 0
        for index in model.topics.indices {
            unsafe sum += Float(Int8(bitPattern: row[ModelHeader.weightOffset + index]))
        }
        let own = unsafe Float(Int8(bitPattern: row[ModelHeader.weightOffset + topic]))
        return (own - sum / Float(model.topics.count)) * factor
    }

    /// The words from one syllable through another as they stand in their text.
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

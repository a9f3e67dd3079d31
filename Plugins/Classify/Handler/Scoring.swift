// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import Synchronization
internal import TopicModel

/// A loaded model with everything needed to classify. May be used on any thread.
final class Scoring: Sendable {
    private let model: TopicModel
    private let threshold: Float
    /// Scorers that are not in use. There is one for each thread that has scored at the same time as others.
    private let idle = Mutex<[Scorer]>([])
    private let used = Atomic<UInt64>(MonotonicClock.now)

    /// A scorer reuses its memory from text to text, and serves one caller at a time.
    private final class Scorer: @unchecked Sendable {  // taken out of `idle`, so that one thread alone has it
        var scorer: TopicScorer

        init(_ model: TopicModel) { scorer = TopicScorer(model: model) }
    }

    init(_ model: TopicModel, threshold: Float) {
        self.model = model
        self.threshold = threshold
    }

    /// When it was last used: CLOCK_MONOTONIC, in nanoseconds.
    var lastUse: UInt64 { used.load(ordering: .relaxed) }

    /// The answer to classify.text.
    func classify(_ request: ClassifyTextRequest) -> Classification {
        classify([request.title, request.body], explain: request.explain, language: request.language)
    }

    /// Classifies a text given in parts, the title first. `language` is the one given with it, or empty.
    func classify(_ parts: [String], explain: Bool, language: String) -> Classification {
        used.store(MonotonicClock.now, ordering: .relaxed)
        let lent = idle.withLock { $0.popLast() } ?? Scorer(model)
        defer { idle.withLock { $0.append(lent) } }
        lent.scorer.begin()
        for part in parts { lent.scorer.read(part) }
        return classification(lent.scorer.finish(language: language, explaining: explain ? parts : []))
    }

    private func classification(_ verdict: Verdict) -> Classification {
        let ranked = model.topics.indices.sorted { (verdict.scores[$0], $1) > (verdict.scores[$1], $0) }
        return Classification(
            topics: ranked.map { index in
                Topic(slug: model.topics[index].slug, score: verdict.scores[index], name: model.topics[index].name)
            },
            undecided: verdict.saysNothing || verdict.scores[verdict.best] < threshold,
            language: verdict.language.tag, languageConfidence: verdict.language.confidence,
            evidence: verdict.phrases.map { phrase in
                Evidence(phrase: phrase.phrase, topic: model.topics[phrase.topic].slug, weight: phrase.weight)
            }, model: model.identity)
    }
}

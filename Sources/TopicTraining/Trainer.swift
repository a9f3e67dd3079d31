// SPDX-License-Identifier: Apache-2.0
public import TopicModel

/// Trains a topic model from labelled texts.
public struct Trainer {
    private let options: TrainingOptions
    private let report: (TrainingProgress) -> Void

    /// Makes a trainer; `report` hears of its progress.
    public init(options: TrainingOptions, report: @escaping (TrainingProgress) -> Void = { _ in }) {
        self.options = options
        self.report = report
    }

    /// Trains, calibrates on parts that were held out, and lays the model out for writing.
    public func train(_ texts: [LabelledText]) throws(TopicModelError) -> ModelWriter {
        try options.check()
        let labels = try LabelSet(texts)
        let mostFeatures = featureBudget(topics: labels.topics.count)
        let marked = try learn(texts, labels, plain: false, mostFeatures: mostFeatures * 11 / 20, calibration: nil)
        let plain = try learn(
            texts, labels, plain: true, mostFeatures: mostFeatures - marked.features.count,
            calibration: marked.calibration)
        let topics = labels.topics.map { topic in
            TopicLabel(
                slug: topic.slug, name: options.names[topic.slug] ?? topic.name,
                trainingArticles: topic.trainingArticles)
        }
        var writer = ModelWriter(
            description: ModelDescription(name: options.name, topics: topics, provenance: options.provenance),
            longestPhrase: options.longestPhrase, vietnameseOnly: isVietnamese(texts),
            biases: marked.biases + plain.biases, features: marked.features.count + plain.features.count)
        for feature in marked.features { writer.add(feature) }
        for feature in plain.features { writer.add(feature) }
        writer.calibrate(
            threshold: options.threshold, markedSharpness: Float(marked.calibration.sharpness),
            plainSharpness: Float(plain.calibration.sharpness), doubt: Float(marked.calibration.doubt),
            brevity: Float(marked.calibration.brevity), thirdShare: Float(options.thirdShare))
        report(TrainingProgress(stage: "done", fraction: 1))
        return writer
    }

    /// What was learned of marked or of plain text.
    private struct Learned {
        let features: [ModelWriter.Feature]
        let biases: [Float]
        let calibration: Calibration
    }

    private func learn(
        _ texts: [LabelledText], _ labels: LabelSet, plain: Bool, mostFeatures: Int, calibration known: Calibration?
    ) throws(TopicModelError) -> Learned {
        let base = plain ? 0.5 : 0
        let kind = plain ? "without marks" : "with marks"
        func tell(_ stage: String, _ fraction: Double) {
            report(TrainingProgress(stage: "\(stage), \(kind)", fraction: base + fraction / 2))
        }
        var corpus = Corpus(of: texts, plain: plain, longestPhrase: options.longestPhrase) { done in
            tell("reading", 0.2 * Double(done) / Double(texts.count))
        }
        corpus.keep(fewestRows: options.fewestArticles, mostFeatures: mostFeatures)
        guard !corpus.hashes.isEmpty else {
            throw TopicModelError(
                .unsuitable,
                "no phrase occurs in \(options.fewestArticles) articles: there is nothing to learn from \(texts.count) of them"
            )
        }
        let weighting = Weighting(
            of: corpus, texts: Array(texts.indices), labels: labels, fewest: options.fewestArticles)
        // Text without its marks is calibrated as text with them: fitted by itself it came within 1 in 100 of that, for
        // a third of the whole training's time.
        let calibration: Calibration
        if let known {
            calibration = known
        } else {
            calibration = try calibrate(corpus, labels) { part in
                let done = Double(part) / Double(options.folds)
                tell("calibrating, part \(part + 1) of \(options.folds)", 0.2 + 0.6 * done)
            }
        }
        tell("learning", 0.8)
        let solver = try LinearSolver(
            corpus: corpus, rows: corpus.lessons(of: Array(texts.indices)), labels: labels.ofTexts,
            topics: labels.topics.count, weighting: weighting, options: options)
        let topics = labels.topics.count
        let features = corpus.hashes.indices.map { feature in
            ModelWriter.Feature(
                hash: corpus.hashes[feature], worth: weighting.steps[feature],
                weights: (0..<topics).map {
                    Float(solver.weights[feature * topics + $0] * weighting.worth(of: feature))
                })
        }
        return Learned(features: features, biases: solver.biases.map { Float($0) }, calibration: calibration)
    }

    /// Fits the calibration to parts that are held out in turn, and scored by models of the others.
    private func calibrate(
        _ corpus: Corpus, _ labels: LabelSet, tell: (Int) -> Void
    ) throws(TopicModelError) -> Calibration {
        let texts = 0..<corpus.texts
        let folds = labels.folds(options.folds)
        var scored = [ScoredRow](repeating: ScoredRow(margins: [], length: 0), count: corpus.texts * 2)
        for fold in 0..<options.folds {
            tell(fold)
            let others = texts.filter { folds[$0] != fold }
            let weighting = Weighting(of: corpus, texts: others, labels: labels, fewest: options.fewestArticles)
            let solver = try LinearSolver(
                corpus: corpus, rows: corpus.lessons(of: others), labels: labels.ofTexts, topics: labels.topics.count,
                weighting: weighting, options: options)
            for text in texts where folds[text] == fold {
                scored[text] = solver.scored(text: text, in: corpus, weighting: weighting)
                let beginning = corpus.beginning(of: text)
                scored[beginning] = solver.scored([corpus.row(beginning)], in: corpus, weighting: weighting)
            }
        }
        return Calibration(rows: scored, labels: labels.ofTexts + labels.ofTexts)
    }

    /// How many features fit into the file, with the slots that stay empty.
    private func featureBudget(topics: Int) -> Int {
        max(1, (options.mostBytes - 65_536) / (4 + topics) * 4 / 5)
    }

    /// Whether nine of ten of the first texts are Vietnamese: then the model answers for nothing else.
    private func isVietnamese(_ texts: [LabelledText]) -> Bool {
        var extractor = FeatureExtractor(longestPhrase: 1)
        var vietnamese = 0
        let step = max(1, texts.count / 500)
        let sample = stride(from: 0, to: texts.count, by: step)
        for index in sample {
            extractor.read(texts[index].parts)
            if extractor.language.tag == "vi" { vietnamese += 1 }
        }
        return vietnamese * 10 >= (texts.count + step - 1) / step * 9
    }
}

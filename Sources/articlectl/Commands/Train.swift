// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
internal import Glibc
import JSONTree
import TopicModel
import TopicTraining

/// Makes a topic model from labelled articles.
struct Train: Command {
    static let description = CommandDescription(
        "train", "make a topic model from labelled articles", operands: "[DATA]", count: 0...1,
        discussion: [
            "DATA is a file of JSON or JSON Lines (- for standard input), or a directory with a folder of files for each "
                + "topic. Records are read as `import` reads them, with the same members and --map. The topic of a record is its "
                + "`label`, its `category`, or the most probable of its `topics`; the text is its title, summary and body. What "
                + "`articlectl export` writes can be used. With --store the data are the articles in the store that have a topic.",
            "The same data, options and seed give the same model, byte for byte. A model file is replaced as a whole, so a "
                + "service that uses it can reload at any time.",
            "--hold-out and --k-fold measure the data. They need no -o: without it no model is kept.",
        ],
        options: [
            .value("output", short: "o", "MODEL", "where the model goes; - is standard output"),
            .value("format", "FORMAT", "\(InputFormat.names); default: by the file's name, else by its beginning"),
            TextEncoding.option,
            .value(
                "map", "FIELD=NAME", "read a field of JSON from this member, as topics=chuyen_muc", repeatable: true),
            .flag("store", "learn from the store's articles that have a topic"),
            .value("name", "NAME", "the name of the model; default: topics"),
            .value("names", "FILE", "display names of the topics: a slug and a name on each line"),
            .value("provenance", "TEXT", "where the data comes from; may be given again", repeatable: true),
            .value("seed", "N", "start of the random order; default 1"),
            .value("phrase", "N", "the longest phrase in syllables, 1 to 4; default 2"),
            .value("fewest", "N", "ignore a phrase that is in fewer articles; default 3"),
            .value("cost", "C", "the cost of a wrong article, C of liblinear; default 0.35"),
            .value("threshold", "P", "below this probability an answer is undecided; default 0.33"),
            .value("size", "MB", "the largest size of the model; default 16"),
            .value("hold-out", "PERCENT", "measure with this part of the data, by a model of the rest"),
            .value("k-fold", "K", "measure with each of K parts, by models of the rest"),
        ],
        examples: [
            .init("articlectl train articles.jsonl -o news.topics", "from a file"),
            .init("articlectl train topics/ -o news.topics --hold-out 20", "and say how good it is"),
            .init("articlectl train --store -o own.topics", "from what the newsroom has labelled"),
            .init("articlectl train --store --k-fold 5", "measure that, and keep no model"),
        ])

    private let data: String?
    /// Where the model goes; nil: it is only measured.
    private let output: String?
    private let parts: Int?
    private let onlyLast: Bool
    private var options = TrainingOptions()
    private var input: InputOptions

    init(_ arguments: Arguments) throws {
        data = arguments.operands.first
        input = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        input.format = try InputFormat.option(arguments.value("format"))
        input.encoding = try TextEncoding.option(arguments.value("encoding"))
        guard arguments.flag("store") != (data != nil) else {
            throw CommandFailure.usage("give either DATA or --store", hint: "`articlectl help train` shows how")
        }
        output = arguments.value("output")
        let share = try arguments.number("hold-out", in: 1...50)
        let folds = try arguments.number("k-fold", in: 2...100)
        guard share == nil || folds == nil else { throw CommandFailure.usage("give either --hold-out or --k-fold") }
        guard output != nil || share != nil || folds != nil else {
            throw CommandFailure.usage(
                "there is nothing to do", hint: "-o MODEL writes a model, --k-fold 5 measures one")
        }
        parts = folds ?? share.map { max(2, (100 + $0 / 2) / $0) }
        onlyLast = folds == nil
        options.name = arguments.value("name") ?? options.name
        options.provenance = arguments.values("provenance")
        options.seed = try arguments.number("seed", in: 0...UInt32.max) ?? options.seed
        options.longestPhrase = try arguments.number("phrase", in: 1...4) ?? options.longestPhrase
        options.fewestArticles = try arguments.number("fewest", in: 1...1_000_000) ?? options.fewestArticles
        options.mostBytes = try arguments.number("size", in: 1...1000).map { $0 * 1_000_000 } ?? options.mostBytes
        options.cost = try Self.decimal(arguments, "cost", in: 1e-6...1e6) ?? options.cost
        options.threshold = try Self.decimal(arguments, "threshold", in: 0...1).map { Float($0) } ?? options.threshold
        if let names = arguments.value("names") {
            do throws(TopicModelError) { options.names = try TopicNames.read(names) } catch {
                throw CommandFailure(error)
            }
        }
    }

    private static func decimal(
        _ arguments: Arguments, _ name: String, in range: ClosedRange<Double>
    ) throws(CommandFailure) -> Double? {
        guard let text = arguments.value(name) else { return nil }
        guard let value = Double(text), range.contains(value) else {
            throw .usage("--\(name) \(text): a number from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        return value
    }

    func run(_ session: Session) async throws -> ExitCode {
        let file = try output.map { path throws(CommandFailure) in try OutputFile(path) }
        let (texts, names, skipped) = try await texts(session)
        let (evaluation, bytes) = try learn(texts, names, StageLine(shown: session.terminal.showsErrors))
        // Standard output is the model's then, and the report is for people.
        let report =
            file?.isStandardOutput == true
            ? Output(descriptor: STDERR_FILENO, name: "standard error", isTerminal: false) : session.output
        if let file, let bytes {
            let model: TopicModel
            do throws(TopicModelError) {
                model = try TopicModel(bytes: bytes, name: file.name)
            } catch {
                throw CommandFailure(error)
            }
            try file.write(bytes)
            try file.finish()
            let summary = Summary(model: model, path: file.name, articles: texts.count, skipped: skipped)
            if session.json {
                try report.line(JSON.object(summary.members + heldOut(evaluation)).text)
            } else {
                try report.line(summary.text)
            }
        } else if session.json {
            let counts: [(String, JSON)] = [("articles", .integer(texts.count)), ("skipped", .integer(skipped))]
            try report.line(JSON.object(counts + heldOut(evaluation)).text)
        }
        if let evaluation, !session.json {
            try report.line("held out, by models that did not learn from it:")
            let style = file?.isStandardOutput == true ? Style(enabled: false) : session.style
            try EvaluationReport(evaluation).write(to: report, style: style)
        }
        try report.flush()
        return skipped > 0 && data != nil ? .data : .success
    }

    /// - Returns: what was measured, if that was asked for, and the model's file, if that was.
    private func learn(
        _ texts: [LabelledText], _ names: [String: String], _ line: StageLine
    ) throws(CommandFailure) -> (Evaluation?, [UInt8]?) {
        defer { line.clear() }
        var options = options
        options.names.merge(names) { given, _ in given }
        do throws(TopicModelError) {
            var evaluation: Evaluation?
            if let parts {
                evaluation = try Validation(options: options) { line.show($0.stage, $0.fraction) }
                    .run(texts, parts: parts, onlyLast: onlyLast)
            }
            guard output != nil else { return (evaluation, nil) }
            return (
                evaluation, try Trainer(options: options) { line.show($0.stage, $0.fraction) }.train(texts).encoded()
            )
        } catch {
            throw CommandFailure(error)
        }
    }

    private func heldOut(_ evaluation: Evaluation?) -> [(String, JSON)] {
        evaluation.map { [("held_out", EvaluationReport($0).json)] } ?? []
    }

    private func texts(_ session: Session) async throws -> ([LabelledText], names: [String: String], skipped: Int) {
        if let data {
            let notes = RecordNotes(asJSON: session.json)
            defer { notes.end() }
            let articles = try LabelledArticles(path: data, input, notes: notes) {
                CommandFailure(.data, $0).tell(asJSON: session.json)
            }
            return (articles.texts, articles.names, articles.skipped)
        }
        var progress = Progress(shown: session.terminal.showsErrors)
        defer { progress.clear() }
        var texts: [LabelledText] = []
        var count = 0
        for try await item in session.client.list(view: .full) {
            count += 1
            progress.show(count: count, fraction: nil)
            guard let topic = item.article.topics.max(by: { $0.score < $1.score }) else { continue }
            let parts = [item.article.title, item.article.summary, item.article.body].filter { !$0.isEmpty }
            texts.append(LabelledText(label: topic.slug, parts: parts))
        }
        return (texts, [:], count - texts.count)
    }

    /// The result of a training.
    private struct Summary {
        let model: TopicModel
        let path: String
        let articles: Int
        let skipped: Int

        var text: String {
            "\(path): \(model.identity), \(model.topics.count) topics from \(Quantity.grouped(articles)) articles, "
                + Quantity.bytes(model.fileSize)
        }

        var members: [(String, JSON)] {
            [
                ("model", .string(model.identity)), ("path", .string(path)), ("bytes", .integer(model.fileSize)),
                ("articles", .integer(articles)), ("skipped", .integer(skipped)),
                ("topics", .integer(model.topics.count)),
            ]
        }
    }
}

extension CommandFailure {
    /// The error of a training or of a model, for people.
    init(_ error: TopicModelError) {
        let code: ExitCode =
            switch error.code {
            case .unreadable: .noInput
            case .foreign, .unsupported, .damaged, .unsuitable: .data
            case .unwritable: .io
            }
        self.init(code, error.message)
    }
}

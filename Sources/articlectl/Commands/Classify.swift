// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Finds the topics of a text or of a stored article.
struct Classify: Command {
    static let description = CommandDescription(
        "classify", "find the topics of a text, or of a stored article", operands: "FILE|-|ID|URL", count: 1...1,
        discussion: [
            "A file is read as `store` reads it, but it is not stored. An operand that looks like an id or a URL names a stored article."
        ],
        options: [
            .flag("explain", "show the words that decided, and the weight of each"),
            .flag("write-back", "store the topics with the article"),
            .value("format", "FORMAT", "of a file: \(InputFormat.names)"),
            TextEncoding.option,
            .value("map", "FIELD=NAME", "read a field of JSON from this member", repeatable: true),
        ],
        examples: [
            .init("articlectl classify story.txt", "topics with their probabilities"),
            .init("articlectl classify --explain - < story.txt", "and why"),
            .init("articlectl classify --write-back ID", "a stored article keeps its topics"),
        ])

    private enum Subject {
        case file(InputFile)
        case article(ArticleKey)
    }

    private let subject: Subject
    private let options: InputOptions
    private let explain: Bool
    private let writeBack: Bool

    init(_ arguments: Arguments) throws {
        let operand = arguments.operands[0]
        if ArticleID(operand) != nil || operand.contains("://") {
            subject = .article(try ArticleKey(operand: operand))
        } else {
            subject = .file(InputFile(operand))
        }
        var options = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        options.format = try InputFormat.option(arguments.value("format"))
        options.encoding = try TextEncoding.option(arguments.value("encoding"))
        self.options = options
        explain = arguments.flag("explain")
        writeBack = arguments.flag("write-back")
        if writeBack, case .file = subject {
            throw CommandFailure.usage(
                "--write-back needs a stored article: give its id", hint: "`articlectl store` prints it")
        }
    }

    func run(_ session: Session) async throws -> ExitCode {
        switch subject {
        case .article(let key):
            let result: ClassifyArticleResult
            do throws(ClientError) {
                result = try await session.client.classify(key, explain: explain, writeBack: writeBack)
            } catch {
                throw writeBack ? CommandFailure(ofChange: error) : CommandFailure(error)
            }
            guard let classification = result.classification else {
                throw CommandFailure(.protocol, "classify.article: the answer has no classification")
            }
            try show(classification, stored: result.stored, session)
        case .file(let file):
            let reader = RecordReader([file], options)
            let notes = RecordNotes(asJSON: session.json)
            defer { notes.end() }
            while let record = try reader.next() {
                guard case .success(let article) = record.article else {
                    if case .failure(let error) = record.article {
                        throw CommandFailure(.data, "\(record.origin): \(error.message)")
                    }
                    continue
                }
                notes.tell(record.notes, at: record.origin)
                let result = try await session.client.classify(
                    title: article.title,
                    text: [article.summary, article.body].filter { !$0.isEmpty }.joined(separator: "\n"),
                    language: article.language, explain: explain)
                try show(result, stored: nil, session)
            }
        }
        return .success
    }

    private func show(_ result: Classification, stored: PutResult?, _ session: Session) throws {
        if session.json { return try session.output.line(json(result, stored).text) }
        let style = session.style
        if result.undecided { try session.output.line(style.yellow("undecided; the nearest topics are:")) }
        var table = Table([
            .init("TOPIC", flexible: true), .init("SLUG"), .init("SCORE", rightAligned: true), .init("", rank: 1),
        ])
        for topic in result.topics.prefix(explain ? 5 : 3) {
            let thousandths = UInt64(max(0, min(1000, topic.score * 1000)))
            table.append([
                topic.name.isEmpty ? topic.slug : topic.name, topic.slug, Quantity.fixed(Double(topic.score), 3),
                Bars.bar(thousandths, of: 1000, width: 20),
            ])
        }
        for line in table.lines(width: session.terminal.tableWidth, style: style) { try session.output.line(line) }
        if explain { try show(result.evidence, session) }
        var facts: [String] = []
        if !result.language.isEmpty {
            facts.append("language \(result.language) (\(Quantity.fixed(Double(result.languageConfidence), 2)))")
        }
        if !result.model.isEmpty { facts.append("model \(result.model)") }
        if let stored {
            facts.append("topics written back: \(stored.outcome.word), revision \(stored.revision)")
        } else if writeBack {
            facts.append("nothing was written back")
        }
        let text = Sanitised.text(facts.joined(separator: ", "))
        for line in Wrapping.hanging(text, indent: 2, width: session.terminal.tableWidth) {
            try session.output.line(style.faint(line))
        }
    }

    private func show(_ evidence: [Evidence], _ session: Session) throws {
        guard !evidence.isEmpty else { return try session.output.line("no word in it decided anything") }
        var table = Table([
            .init("BECAUSE OF", flexible: true), .init("TOPIC"), .init("WEIGHT", rightAligned: true),
        ])
        for item in evidence { table.append([item.phrase, item.topic, Quantity.fixed(Double(item.weight), 3)]) }
        try session.output.line()
        for line in table.lines(width: session.terminal.tableWidth, style: session.style) {
            try session.output.line(line)
        }
    }

    private func json(_ result: Classification, _ stored: PutResult?) -> JSON {
        var members: [(String, JSON)] = [
            ("topics", .array(result.topics.map(\.json))), ("undecided", .bool(result.undecided)),
            ("language", .string(result.language)), ("language_confidence", .float(result.languageConfidence)),
        ]
        if explain {
            let evidence = result.evidence.map { item in
                JSON.object([
                    ("phrase", .string(item.phrase)), ("topic", .string(item.topic)), ("weight", .float(item.weight)),
                ])
            }
            members.append(("evidence", .array(evidence)))
        }
        members.append(("model", .string(result.model)))
        if let stored { members.append(("stored", .object(stored.members()))) }
        return .object(members)
    }
}

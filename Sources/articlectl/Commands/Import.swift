import ArticleClient
import ArticleProtocol

/// Stores many articles in one streamed call.
struct Import: Command {
    static let description = CommandDescription(
        "import", "store many articles, fast", operands: "DIR|FILE|-...", count: 1...1_000_000,
        discussion: [
            "A directory is read with all below it: .txt files are plain text, one article each; .json and .jsonl files hold JSON. "
                + "A .jsonl file has one JSON object on each line, and may be of any size. Records that are no articles are reported "
                + "with file and line and passed over; the rest is stored, and the end is 65.",
            "Members of a JSON object: id, url, source, title, summary, body, author, published_at, language, topics, attributes, rating, "
                + "original, as `export` writes them. Other people's names are understood as well: text or content for body, "
                + "label or category for topics, headline, link, publisher, byline, date and so on; --map names any other. What is left "
                + "becomes attributes, so nothing is lost.",
            "published_at is a time as 2009-06-15T10:20:00+07:00, a date as 2009-06-15, or a number of milliseconds since 1970. "
                + "Without a zone it is UTC, so that a file means the same on every machine; a time that is typed as an option "
                + "(`store --published`, `list --from`) is in this machine's zone. Texts are stored as they are, the source "
                + "too: bring it to NFC if `list --source` is to find it. An object that has a member twice is refused.",
            "If the service goes away meanwhile, the import waits for it and goes on. "
                + "An import can be stopped (Ctrl-C) and begun again at any time: each article goes by the same id then, and one that is there "
                + "already is \"unchanged\". That id is the record's own if it is a UUIDv7, else it follows from its URL, or from "
                + "the file's path and the record's id, or from the content. If the files move, give --namespace NAME both times. "
                + "An article that differs is replaced, with any topics it got meanwhile; --keep leaves it alone.",
        ],
        options: [
            .value("format", "FORMAT", "text, json or jsonl; default: by the file's name, else by its beginning"),
            .value(
                "map", "FIELD=NAME", "read a field from this member, as body=noi_dung or title=meta.headline",
                repeatable: true),
            .value(
                "namespace", "NAME",
                "what the collection is called in which the records' ids are unique; default: the path"),
            .value("source", "TEXT", "who published all of them"),
            .value("language", "TAG", "the language of all of them"),
            .value("topic", "TOPIC", "a topic of all of them; may be given again", repeatable: true),
            .value("attribute", "NAME=VALUE", "an attribute of all of them; may be given again", repeatable: true),
            .flag("keep", "leave articles alone that are there already, even if the input says something else"),
        ],
        examples: [
            .init("articlectl import archive.jsonl", "a progress line on a terminal, a summary at the end"),
            .init("xz -dc vntc.jsonl.xz | articlectl import --namespace vntc -", "compressed input"),
            .init("articlectl import --map body=noi_dung --map title=tieu_de data.jsonl", "other names"),
            .init("articlectl import /srv/portal/articles", "a tree of text files"),
        ])

    private let paths: [String]
    private let options: InputOptions
    private let keep: Bool

    init(_ arguments: Arguments) throws {
        paths = arguments.operands
        var options = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        options.format = try InputFormat.option(arguments.value("format"))
        options.overrides = try Overrides(arguments)
        options.namespace = arguments.value("namespace")
        self.options = options
        keep = arguments.flag("keep")
    }

    func run(_ session: Session) async throws -> ExitCode {
        let interrupt = Signals.catchInterrupts()
        let (files, others) = try inputs()
        if others > 0 {
            let complaint = "skipped \(Quantity.count(others, "file")) that end in neither .txt, .json nor .jsonl"
            CommandFailure(.data, complaint).tell(asJSON: session.json)
        }
        let report = ImportReport(
            total: files.reduce(0) { sum, file in sum.flatMap { sum in file.size.map { sum + $0 } } }, keep: keep,
            shown: session.terminal.showsErrors, json: session.json)
        let feed = ImportFeed(files: files, options: options, keep: keep, interrupt: interrupt, report: report)
        var failure: CommandFailure?
        do {
            // With --keep an article that is there already stays, whoever has stored it: even the import itself, before a
            // connection was lost. So there is no harm in sending any article twice.
            try await session.client.put(contentsOf: feed, policy: CallPolicy(retry: .idempotent)) { outcomes in
                for try await outcome in outcomes { try report.note(outcome) }
            }
        } catch {
            failure = CommandFailure(of: error)
        }
        report.end()
        try session.json ? session.output.line(report.json.text) : session.lines([report.summary])
        if let failure {
            throw CommandFailure(
                failure.code, failure.message, hint: "what was stored is safe; run the same command again to go on")
        }
        if Signals.isInterrupted {
            let advice = "run the same command again to go on: what is there already is passed over"
            throw CommandFailure(.interrupted, "stopped", hint: advice)
        }
        return report.rejected > 0 ? .data : .success
    }

    private func inputs() throws(CommandFailure) -> (files: [InputFile], others: Int) {
        var files: [InputFile] = []
        var others = 0
        for path in paths {
            try Directory.checkReadable(path)
            guard path != "-", Directory.isDirectory(path) else {
                files.append(InputFile(path))
                continue
            }
            let found = try InputFile.all(in: path)
            files += found.files
            others += found.others
            if found.files.isEmpty {
                throw CommandFailure(.noInput, "\(path): there is no .txt, .json or .jsonl file in it")
            }
        }
        return (files, others)
    }
}

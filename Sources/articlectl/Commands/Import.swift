// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Stores many articles in one streamed call.
struct Import: Command {
    static let description = CommandDescription(
        "import", "store many articles, fast", operands: "DIR|FILE|-...", count: 1...1_000_000,
        discussion: [
            "A directory is read with all its subdirectories. A .txt file is one article as plain text. A .json file holds one "
                + "JSON object, several, or an array. A .jsonl file has one JSON object on each line and may be of any size. A "
                + "record that is not an article is reported with its file and line and skipped. The rest is stored, and the "
                + "exit status is 65. It is also 65 if a folder cannot be read, or an article is stored without a part of what "
                + "it had; both are named. Links to folders are followed once. Bytes of a name that are not UTF-8 are shown as \\xE9.",
            "A .csv or .tsv file is a table. Its first row names the columns, as the members of JSON are named, in any "
                + "capitals; --map names others. The separator is a comma, semicolon, tab or bar. A cell in quotes may have "
                + "separators and lines in it. A .xml file is an RSS or Atom feed, or a sitemap with news. A .html file is a page "
                + "with one article: what it says of itself comes first (JSON-LD of schema.org, OpenGraph), then its main "
                + "text, without menus, lists of other articles and comments. The content tells more than the name.",
            "Text is UTF-8, UTF-16, or UTF-32 with a byte order mark. Files from before Unicode are known by their syllables: VNI, "
                + "TCVN3 (ABC), VISCII, VPS and Windows-1258. What a page or a feed says of itself is believed unless its text "
                + "contradicts. A text that is too short to be sure is refused, with the likeliest encodings; --encoding names it, "
                + "for all files without a byte order mark. They are stored in UTF-8, with the attribute original_encoding, and "
                + "`fetch --raw` gives the bytes of a text file again. A note says if it cannot.",
            "Archives (.tar, .zip) and compressed files (.gz, .xz, .zst, .bz2) are read as the files in them, and unpacked "
                + "nowhere.",
            "JSON may be in UTF-8 or UTF-16, with byte order marks or the separators of RFC 7464, pretty-printed, and in an "
                + "object around it, as {\"articles\": [...]}, whatever the file is called. `store`, `train`, `evaluate` and "
                + "`classify` read the same.",
            "A JSON object has the members id, url, source, title, summary, body, author, published_at, language, topics, "
                + "attributes, rating and original, as `export` writes them. Common other names work too: text, content or "
                + "articleBody for body, label or category for topics, headline, link, publisher, byline, datePublished and so on, "
                + "also as objects of schema.org. --map names any other. All other members become attributes, so nothing is "
                + "lost. So does a field that cannot be read, as a date that is none, and a note says so. An object that has a "
                + "member twice is refused.",
            "The slug of a topic is its name without marks. Of two names that would have one slug, as Bão and Báo, the second "
                + "gets a number behind it, and a note says so.",
            "published_at is a time in any usual form: 2009-06-15T10:20:00+07:00, 15/06/2009 10:20 GMT+7 (the day before the "
                + "month), Mon, 15 Jun 2009 10:20:00 +0700; or a number since 1970: milliseconds, or seconds, micro- or nanoseconds "
                + "if its size says so, with a note. Empty is none. Without a zone it is UTC, so a file means the same on every machine. A time in an option (`store --published`, `list "
                + "--from`) is in this machine's zone. Text is stored as it is. `list --source` compares in NFC, so give the "
                + "source in NFC.",
            "If the service restarts meanwhile, the import waits for it and goes on. You can stop an import with Ctrl-C and run it "
                + "again: every article gets the same id, and one that is stored already is \"unchanged\". The id is the "
                + "record's own if it is a UUIDv7. Otherwise it is derived from the URL, from the file's path and the record's "
                + "id, or from the content. If the files move, give --namespace NAME both times. An article that differs is "
                + "replaced, with the topics that it got meanwhile; --keep leaves it alone.",
        ],
        options: [
            .value("format", "FORMAT", "\(InputFormat.names); default: by the file's name, else by its beginning"),
            TextEncoding.option,
            .value(
                "map", "FIELD=NAME", "read a field from this member: body=noi_dung, title=meta.headline",
                repeatable: true),
            .value(
                "namespace", "NAME",
                "the name of the collection that the records' ids belong to; default: the path"),
            .value("source", "SOURCE", "who published all of them"),
            .value("language", "TAG", "the language of all of them"),
            .value("topic", "TOPIC", "a topic of all of them; may be given again", repeatable: true),
            .value("attribute", "NAME=VALUE", "an attribute of all of them; may be given again", repeatable: true),
            InputOptions.stripQuery,
            .flag("keep", "leave articles that are stored already as they are"),
        ],
        examples: [
            .init("articlectl import archive.jsonl", "a progress line on a terminal, a summary at the end"),
            .init("articlectl import --namespace vntc vntc.jsonl.xz", "compressed input"),
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
        options.encoding = try TextEncoding.option(arguments.value("encoding"))
        options.overrides = try Overrides(arguments)
        try options.strip(arguments.value("strip-query"))
        options.namespace = arguments.value("namespace")
        self.options = options
        keep = arguments.flag("keep")
    }

    func run(_ session: Session) async throws -> ExitCode {
        let interrupt = Signals.catchInterrupts()
        let found = try inputs()
        let files = found.files
        if found.others > 0 {
            let example = found.other.map { ", as \($0)" } ?? ""
            let complaint =
                "skipped \(Quantity.count(found.others, "file")) of other kinds\(example)"
            CommandFailure(.data, complaint).tell(asJSON: session.json)
        }
        for remark in found.remarks { CommandFailure(.data, remark).tell(asJSON: session.json) }
        let report = ImportReport(
            total: files.reduce(0) { sum, file in sum.flatMap { sum in file.size.map { sum + $0 } } }, keep: keep,
            shown: session.terminal.showsErrors, json: session.json)
        for problem in found.problems { report.reject(nil, problem) }
        let feed = ImportFeed(
            files: files, options: options, keep: keep, interrupt: interrupt, report: report, client: session.client)
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
            let advice = "run the same command again to go on: what is stored already is skipped"
            throw CommandFailure(.interrupted, "stopped", hint: advice)
        }
        return report.rejected + report.losses > 0 ? .data : .success
    }

    private func inputs() throws(CommandFailure) -> InputFile.Found {
        var all = InputFile.Found()
        for path in paths {
            try Directory.checkReadable(path)
            guard path != "-", Directory.isDirectory(path) else {
                all.files.append(InputFile(path))
                continue
            }
            let found = try InputFile.all(in: path)
            all.files += found.files
            all.others += found.others
            all.other = all.other ?? found.other
            all.problems += found.problems
            all.remarks += found.remarks
            if found.files.isEmpty {
                let reason = found.problems.first.map { "; \($0)" } ?? ""
                throw CommandFailure(
                    .noInput,
                    "\(FileName.shown(path)): there is no file in it whose name says that it has articles"
                        + reason)
            }
        }
        return all
    }
}

/// The articles of an import, as they are read. The client takes the next one when there is room for it.
struct ImportFeed: AsyncSequence, Sendable {
    typealias Element = PutRequest

    let files: [InputFile]
    let options: InputOptions
    let keep: Bool
    let interrupt: Int32
    let report: ImportReport
    let client: ArticleClient

    func makeAsyncIterator() -> Iterator {
        Iterator(
            reader: RecordReader(files, options, interrupt: interrupt), report: report, client: client,
            expected: keep ? 0 : nil)
    }

    struct Iterator: AsyncIteratorProtocol {
        let reader: RecordReader
        let report: ImportReport
        let client: ArticleClient
        /// Whether this user may set `created_at`; nil until the first record that has it.
        var keepsCreatedAt: Bool?
        let expected: UInt64?

        mutating func next() async throws -> PutRequest? {
            while true {
                do throws(CommandFailure) {
                    guard let record = try reader.next() else {
                        for remark in reader.remarks { report.tell(remark.note, at: remark.origin) }
                        return nil
                    }
                    switch record.article {
                    case .success(let article):
                        var (createdAt, notes) = (record.createdAt, record.notes)
                        if createdAt != 0, try await !mayCreate(at: createdAt) {
                            createdAt = 0
                            notes.append(CreatedAt.note)
                        }
                        report.sent(record.origin, notes: notes, bytesRead: reader.bytesRead)
                        return PutRequest(article: article, expectedRevision: expected, createdAt: createdAt)
                    case .failure(let error): report.reject(record.origin, error.message)
                    }
                } catch {
                    // One file that cannot be read does not stop the others.
                    guard error.code != .io else { throw error }
                    report.reject(nil, error.message)
                }
            }
        }

        private mutating func mayCreate(at time: Int64) async throws(CommandFailure) -> Bool {
            if let keepsCreatedAt { return keepsCreatedAt }
            let isAllowed = try await CreatedAt.isAllowed(time, client)
            keepsCreatedAt = isAllowed
            return isAllowed
        }
    }
}

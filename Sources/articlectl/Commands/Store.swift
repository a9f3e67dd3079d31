// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Stores articles one by one, each acknowledged when it is on disk.
struct Store: Command {
    static let description = CommandDescription(
        "store", "store articles from files, or from standard input", operands: "FILE...|-", count: 1...1_000_000,
        discussion: [
            "Plain text is parsed: the headline, the source (\"(Mic.gov.vn) - ...\"), paragraphs, the signature, and leftovers of "
                + "the page, such as a rating line. The file is kept byte for byte: `fetch --raw` prints it.",
            "JSON is one object, several, or an array. JSON Lines is one object on each line. `articlectl help import` lists "
                + "their members. For thousands of articles use `import`.",
            "An article without an id and a URL gets an id that is derived from its content. Storing the same file again changes "
                + "nothing: the answer is \"unchanged\", and topics that it got meanwhile stay. --new stores another article each "
                + "time. An article with an id, a URL or a name of its own is replaced if it differs. What the new version does "
                + "not have is gone then, topics that it got meanwhile too.",
            "A time without a zone is UTC in JSON; --published is in this machine's zone.",
        ],
        options: [
            .value("format", "FORMAT", "\(InputFormat.names); default: by the file's name, else by its beginning"),
            TextEncoding.option,
            .value("map", "FIELD=NAME", "read a field of JSON from this member, as body=noi_dung", repeatable: true),
        ] + Overrides.options + [
            InputOptions.stripQuery,
            .value("expected-revision", "N", "only if the article is at revision N now; 0: only if there is none"),
            .flag("new", "make a new article even if the same was stored before"),
            .flag("quiet", short: "q", "print the ids alone"),
        ],
        examples: [
            .init("articlectl store story.txt", "prints the id, whether it was created, and the title"),
            .init(
                "articlectl store --url https://mic.gov.vn/a/1 --topic kinh-doanh story.txt",
                "with what the file cannot tell"),
            .init("curl -s https://example.org/a.json | articlectl store -", "from another program"),
            .init(
                "articlectl store --id ID --expected-revision 3 story.txt", "only if nobody has changed it meanwhile"),
        ])

    private let files: [String]
    private let options: InputOptions
    private let expected: UInt64?
    private let quiet: Bool

    init(_ arguments: Arguments) throws {
        files = arguments.operands
        var options = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        options.format = try InputFormat.option(arguments.value("format"))
        options.encoding = try TextEncoding.option(arguments.value("encoding"))
        options.overrides = try Overrides(arguments)
        try options.strip(arguments.value("strip-query"))
        options.makesNew = arguments.flag("new")
        expected = try arguments.number("expected-revision", in: 0...UInt64.max)
        quiet = arguments.flag("quiet")
        guard files.count == 1 || !options.overrides.nameOne else {
            throw CommandFailure.usage("--id and --url name one article, but there are \(files.count) files")
        }
        self.options = options
    }

    func run(_ session: Session) async throws -> ExitCode {
        var worst = ExitCode.success
        var stored = 0
        let notes = RecordNotes(asJSON: session.json)
        defer { notes.end() }
        for file in files {
            do {
                let reader = RecordReader([InputFile(file)], options)
                defer { for remark in reader.remarks { notes.tell([remark.note], at: remark.origin) } }
                while let record = try reader.next() {
                    do {
                        let article = try record.article.get()
                        guard stored == 0 || !options.overrides.nameOne else {
                            throw CommandFailure(.data, "--id and --url name one article, and this is another")
                        }
                        stored += 1
                        let result = try await CreatedAt.put(record.createdAt, notes, at: record.origin) {
                            createdAt throws(ClientError) in
                            try await put(article, createdAt, byContent: record.isNamedByContent, session.client)
                        }
                        try tell(result, article, session)
                        try session.output.flush()
                        if notes.tell(record.notes, at: record.origin) { worst = .data }
                    } catch {
                        worst = try note(error, at: record.origin, session)
                    }
                }
            } catch let failure as CommandFailure where failure.code == .noInput || failure.code == .data {
                try session.output.flush()
                failure.tell(asJSON: session.json)
                worst = failure.code
            }
        }
        return worst
    }

    /// An article that is named by its content stays as it is if it is stored already: it may have got topics since, or
    /// been edited under its id.
    private func put(
        _ article: Article, _ createdAt: Int64, byContent: Bool, _ client: ArticleClient
    ) async throws(ClientError) -> PutResult {
        guard byContent, expected == nil, let id = article.id else {
            return try await client.put(article, expectedRevision: expected, createdAt: createdAt)
        }
        do throws(ClientError) {
            // If it finds what an earlier attempt of its own has stored, that is a conflict, which is well.
            return try await client.put(
                article, expectedRevision: 0, createdAt: createdAt, policy: CallPolicy(retry: .idempotent))
        } catch {
            guard error.status == .conflict else { throw error }
            let present = try await client.get(id: id, view: .summary)
            return PutResult(
                outcome: .unchanged, id: id, revision: present.revision, createdAt: present.createdAt,
                storedAt: present.storedAt)
        }
    }

    private func tell(_ result: PutResult, _ article: Article, _ session: Session) throws {
        let id = result.id.map { "\($0)" } ?? ""
        if session.json {
            return try session.output.line(JSON.object(result.members() + [("title", .string(article.title))]).text)
        }
        if quiet { return try session.output.line(id) }
        let title = article.title.isEmpty ? ArticlePage.beginning(of: article.body) : article.title
        try session.output.line("\(id)  \(session.style.green(result.outcome.word))  \(Sanitised.text(title))")
    }

    /// Reports the error of one article. The others go on, unless all of them would fail.
    private func note(_ error: any Error, at origin: Origin, _ session: Session) throws -> ExitCode {
        let failure: CommandFailure
        if let error = error as? RecordError {
            failure = CommandFailure(.data, error.message)
        } else if let error = error as? ClientError {
            failure = CommandFailure(ofChange: error)
        } else {
            failure = CommandFailure(of: error)
        }
        guard [.data, .conflict, .notFound].contains(failure.code) else { throw failure }
        try session.output.flush()
        CommandFailure(failure.code, "\(origin): \(failure.message)", request: failure.request).tell(
            asJSON: session.json)
        return failure.code
    }
}

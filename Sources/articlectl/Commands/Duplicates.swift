// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Finds articles that are copies of others, or nearly so.
struct Duplicates: Command {
    static let description = CommandDescription(
        "duplicates", "find articles that are copies of others, or nearly so", operands: "[FILE|-|ID|URL]",
        count: 0...1,
        discussion: [
            "With an id or a URL: what the stored article was copied from, and its copies, the earliest first. A file is read as `store` "
                + "reads it, but it is not stored.",
            "Without an operand: the groups of near-identical articles that have an article of this source and time, the group of the "
                + "newest one first. A blank line ends each group, and its first line is the earliest article.",
            "Each line has the id, the time, the source, the similarity and the title between tabs. Similarity is the shared part of all "
                + "sequences of three syllables, without diacritics; in groups, that with the first article. --json has one line for each "
                + "article, or for each group.",
            "The service needs the plugin duplicates, of the package articled-duplicates.",
        ],
        options: [
            .value("threshold", "X", "the least similarity, 0.3 to 1; as the service is configured by default, 0.5"),
            .value("limit", short: "n", "N", "at most this many: articles, 1 to 100, 20 by default; or groups, 0: all"),
            .value("source", "SOURCE", "only groups with an article of this source; it is compared in NFC"),
            .value("from", "TIME", "only groups with an article from this time on, as `list` takes it", alias: "after"),
            .value("until", "TIME", "only groups with an article before this time", alias: "before"),
            .value("format", "FORMAT", "of a file: text, json or jsonl"),
            .value("map", "FIELD=NAME", "read a field of JSON from this member", repeatable: true),
        ],
        examples: [
            .init("articlectl duplicates ID", "where it came from, and who has copied it"),
            .init("articlectl duplicates story.txt --threshold 0.5", "who has published it before, changed or not"),
            .init("articlectl duplicates --from 1d", "the copies of a day"),
        ])

    private enum Subject {
        case groups(ListRequest)
        case file(InputFile)
        case article(ArticleKey)
    }

    private let subject: Subject
    private let options: InputOptions
    private let threshold: Float
    private let limit: UInt64?
    /// All articles are looked at, which takes long.
    private let groupsPolicy: CallPolicy

    init(_ arguments: Arguments) throws {
        if let operand = arguments.operands.first {
            for name in ["source", "from", "until"] where arguments.value(name) != nil {
                throw CommandFailure.usage("--\(name): groups have it, and not the copies of one article")
            }
            if ArticleID(operand) != nil || operand.contains("://") {
                subject = .article(try ArticleKey(operand: operand))
            } else {
                subject = .file(InputFile(operand))
            }
            limit = try arguments.number("limit", in: 1...100)
        } else {
            subject = .groups(try ListFilter.request(arguments))
            limit = try arguments.number("limit", in: 0...UInt64.max)
        }
        var options = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        options.format = try InputFormat.option(arguments.value("format"))
        self.options = options
        groupsPolicy = arguments.value("timeout") == nil ? CallPolicy(deadline: .seconds(86_400)) : CallPolicy()
        threshold =
            try arguments.value("threshold").map { text throws(CommandFailure) in
                guard let threshold = Float(text), (0.3...1).contains(threshold) else {
                    throw .usage("--threshold \(text): a number from 0.3 to 1 is expected")
                }
                return threshold
            } ?? 0
    }

    func run(_ session: Session) async throws -> ExitCode {
        switch subject {
        case .groups(let filter): try await showGroups(filter, session)
        case .article(let key): try await show(DuplicatesRequest(key: key), session)
        case .file(let file):
            let reader = RecordReader([file], options)
            let notes = RecordNotes(asJSON: session.json)
            defer { notes.end() }
            while let record = try reader.next() {
                switch record.article {
                case .failure(let error): throw CommandFailure(.data, "\(record.origin): \(error.message)")
                case .success(let article):
                    notes.tell(record.notes, at: record.origin)
                    try await show(
                        DuplicatesRequest(title: article.title, summary: article.summary, body: article.body), session)
                }
            }
        }
        return .success
    }

    private static func tellIncomplete() {
        Complaint.line("the index of near-identical articles is being made: articles may be missing")
    }

    private func show(_ request: DuplicatesRequest, _ session: Session) async throws {
        var request = request
        (request.threshold, request.limit) = (threshold, UInt32(clamping: limit ?? 0))
        let result = try await session.client.duplicates(request)
        if result.incomplete { Self.tellIncomplete() }
        try print(result.duplicates, first: result.first, session)
        guard !session.json else { return }
        if result.duplicates.isEmpty { Complaint.line("no articles are near-identical") }
        if result.more { Complaint.hint("there are more: these are the most similar ones") }
        let isCopied = !result.duplicates.isEmpty && !result.duplicates.contains { $0.id == result.first }
        if isCopied { Complaint.hint("the article itself is the earliest") }
    }

    private func showGroups(_ filter: ListRequest, _ session: Session) async throws {
        let groups = session.client.duplicateGroups(
            source: filter.source, from: filter.from, until: filter.until, threshold: threshold, limit: limit ?? 0,
            policy: groupsPolicy)
        var count = 0
        var isIncomplete = false
        for try await group in groups {
            count += 1
            isIncomplete = isIncomplete || group.incomplete
            if session.json {
                let articles = group.articles.map { $0.json(isFirst: $0.id == group.articles.first?.id) }
                try session.output.line(
                    JSON.object([("articles", .array(articles))] + (group.more ? [("more", .bool(true))] : [])).text)
            } else {
                try print(group.articles, first: group.articles.first?.id, session)
                try session.output.line()
            }
        }
        if isIncomplete { Self.tellIncomplete() }
        if count == 0, !session.json { Complaint.line("no articles are near-identical") }
    }

    private func print(_ articles: [Duplicate], first: ArticleID?, _ session: Session) throws {
        guard !session.json else {
            for article in articles { try session.output.line(article.json(isFirst: article.id == first).text) }
            return
        }
        guard session.terminal.showsOutput else {
            for article in articles {
                try session.output.line(article.cells.map { Sanitised.text($0) }.joined(separator: "\t"))
            }
            return
        }
        guard !articles.isEmpty else { return }
        var table = Table([
            .init("ID"), .init("TIME", rank: 1), .init("SOURCE", atMost: 16, rank: 2),
            .init("SIMILARITY", rightAligned: true), .init("TITLE", flexible: true, atLeast: 28),
        ])
        for article in articles { table.append(article.cells.map { Sanitised.text($0) }) }
        for line in table.lines(width: session.terminal.width, style: session.style) { try session.output.line(line) }
    }
}

extension Duplicate {
    fileprivate var cells: [String] {
        let thousandths = Int((Double(similarity) * 1000).rounded())
        let digits = "\(1000 + thousandths % 1000)".dropFirst()
        return [id.map { "\($0)" } ?? "", TimeText.local(time), source, "\(thousandths / 1000).\(digits)", title]
    }

    fileprivate func json(isFirst: Bool) -> JSON {
        var members: [(String, JSON)] = []
        if let id { members.append(("id", .string("\(id)"))) }
        members.append(("similarity", .float(similarity)))
        members.append(("time", .string(TimeText.rfc3339(time))))
        if !source.isEmpty { members.append(("source", .string(source))) }
        if !url.isEmpty { members.append(("url", .string(url))) }
        if !title.isEmpty { members.append(("title", .string(title))) }
        if isFirst { members.append(("first", .bool(true))) }
        return .object(members)
    }
}

extension Session {
    /// Those of some articles that are copies of earlier ones; none if the service does not compare articles.
    func copies(among ids: [ArticleID]) async -> Set<ArticleID> {
        guard !ids.isEmpty, (try? await client.duplicatesStatus()) != nil else { return [] }
        var copies: Set<ArticleID> = []
        for id in ids {
            // A mark is not worth an error: the article may just have been deleted.
            guard let first = (try? await client.duplicates(of: ArticleKey(id: id)))?.first else { continue }
            if first != id { copies.insert(id) }
        }
        return copies
    }

    /// The hits without those that are near-identical to one before them.
    func collapsed(_ hits: [SearchHit]) async throws -> [SearchHit] {
        var copies: Set<ArticleID> = []
        var left: [SearchHit] = []
        for hit in hits {
            guard let id = hit.id, !copies.contains(id) else { continue }
            left.append(hit)
            do throws(ClientError) {
                let found = try await client.duplicates(of: ArticleKey(id: id), limit: 100).duplicates
                copies.formUnion(found.compactMap(\.id))
            } catch {
                if error.status == .unimplemented {
                    throw CommandFailure(
                        .unavailable, "--collapse: the service does not compare articles",
                        hint: "install the package articled-duplicates where articled runs")
                }
                if error.status != .notFound { throw error }
            }
        }
        return left
    }
}

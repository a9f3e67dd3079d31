// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Finds articles that are about the same as another one.
struct Related: Command {
    static let description = CommandDescription(
        "related", "find articles that are about the same as another one", operands: "FILE|-|ID|URL", count: 1...1,
        discussion: [
            "A file is read as `store` reads it, but it is not stored. An operand that looks like an id or a URL names a stored article.",
            "The hits are printed as `search` prints them, best first.",
        ],
        options: [
            .value("limit", short: "n", "N", "at most this many, 1 to 100; 10 by default"),
            .flag("full", "with --json: the articles as well"),
            .value("format", "FORMAT", "of a file: text, json or jsonl"),
            .value("map", "FIELD=NAME", "read a field of JSON from this member", repeatable: true),
        ],
        examples: [
            .init("articlectl related ID", "what else was written about it"),
            .init("articlectl related story.txt -n 5", "what was written about it before"),
        ])

    private enum Subject {
        case file(InputFile)
        case article(ArticleKey)
    }

    private let subject: Subject
    private let options: InputOptions
    private var request: RelatedRequest

    init(_ arguments: Arguments) throws {
        let operand = arguments.operands[0]
        if ArticleID(operand) != nil || operand.contains("://") {
            subject = .article(try ArticleKey(operand: operand))
        } else {
            subject = .file(InputFile(operand))
        }
        var options = InputOptions(mapping: try RecordMapping(arguments.values("map")))
        options.format = try InputFormat.option(arguments.value("format"))
        self.options = options
        request = RelatedRequest(
            limit: UInt32(clamping: try arguments.number("limit", in: 1...100) ?? 10),
            articles: arguments.flag("full") && arguments.flag("json"))
    }

    func run(_ session: Session) async throws -> ExitCode {
        var request = request
        switch subject {
        case .article(let key):
            request.key = key
            try await show(request, session)
        case .file(let file):
            let reader = RecordReader([file], options)
            let notes = RecordNotes(asJSON: session.json)
            defer { notes.end() }
            while let record = try reader.next() {
                switch record.article {
                case .failure(let error): throw CommandFailure(.data, "\(record.origin): \(error.message)")
                case .success(let article):
                    notes.tell(record.notes, at: record.origin)
                    request.title = article.title
                    request.body = [article.summary, article.body].filter { !$0.isEmpty }.joined(separator: "\n")
                    try await show(request, session)
                }
            }
        }
        return .success
    }

    private func show(_ request: RelatedRequest, _ session: Session) async throws {
        let result = try await session.client.related(request)
        if result.incomplete { Complaint.line("the search index is being made: articles may be missing") }
        if result.hits.isEmpty, !session.json { Complaint.line("no articles are about the same") }
        try HitList(session).print(result.hits)
    }
}

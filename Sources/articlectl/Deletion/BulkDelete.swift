// SPDX-License-Identifier: Apache-2.0

import ArticleClient
import ArticleProtocol
import ArticleText
internal import Glibc
import JSONTree

/// `articlectl delete` with a filter in place of ids: counts what matches, asks, and deletes exactly what it has counted.
struct BulkDelete: Sendable {
    static let options: [Option] = [
        .value("topic", "TOPIC", "delete the articles of this topic"),
        .value("source", "SOURCE", "delete the articles of this source"),
        .value("language", "TAG", "delete the articles in this language"),
        .value("from", "TIME", "delete the articles from this time on: 2009-06-15, or 7d before now", alias: "after"),
        .value("until", "TIME", "delete the articles before this time", alias: "before"),
        .flag("all", "delete all articles"),
        .flag("dry-run", "only count them"),
        .value("count", "N", "delete them without asking, if there are exactly N"),
        .flag("yes", short: "y", "delete them without asking"),
    ]

    private static let filters = ["topic", "source", "language", "from", "until"]

    private let request: ListRequest
    private let isDryRun: Bool
    private let isConfirmed: Bool
    private let expected: Int?

    /// - Returns: nil if the command line has no filter.
    init?(_ arguments: Arguments) throws(CommandFailure) {
        let given = Self.filters.filter { arguments.value($0) != nil }
        let isAll = arguments.flag("all")
        isDryRun = arguments.flag("dry-run")
        isConfirmed = arguments.flag("yes")
        expected = try arguments.number("count", in: 0...Int.max)
        guard isAll || !given.isEmpty else {
            guard !isDryRun, !isConfirmed, expected == nil else {
                throw .usage(
                    "--dry-run, --count and --yes go with --topic, --source, --language, --from, --until or --all")
            }
            return nil
        }
        guard !isAll || given.isEmpty else { throw .usage("--all and --\(given.first ?? "") exclude each other") }
        var request = try ListFilter.request(arguments)
        // An empty one would match every article.
        for (name, value) in [("topic", request.topic), ("source", request.source), ("language", request.language)] {
            if let text = arguments.value(name), value.isEmpty { throw .usage("--\(name) \"\(text)\" names nothing") }
        }
        request.view = .summary
        self.request = request
    }

    func run(_ session: Session) async throws -> ExitCode {
        let left = LeftOut()
        let subjects = try await count(session, left)
        if isDryRun || subjects.count == 0 {
            let json: [(String, JSON)] = [("matching", .integer(subjects.count)), ("deleted", .integer(0))]
            let text = subjects.count == 0 ? "no articles match" : "\(Self.articles(subjects.count)) would be deleted"
            try session.output.line(session.json ? JSON.object(json).text : text)
        } else {
            try confirm(subjects.count, session)
            let code = try await delete(subjects, session)
            guard code == .success else { return code }
        }
        try left.check(given: subjects.count)
        return .success
    }

    /// "1 article", "1,200 articles"
    private static func articles(_ count: Int) -> String {
        count == 1 ? "1 article" : "\(Quantity.grouped(count)) articles"
    }

    private func count(_ session: Session, _ left: LeftOut) async throws -> SubjectFile {
        var progress = Progress(shown: session.terminal.showsErrors && !session.json)
        defer { progress.clear() }
        let subjects = try SubjectFile()
        for try await item in left.skipping(session.client.list(request)) {
            guard let id = item.article.id else { continue }
            try subjects.append(Deletion.Subject(id: id, revision: item.article.revision))
            progress.show(count: subjects.count, fraction: nil)
        }
        try subjects.rewind()
        return subjects
    }

    // MARK: Asking

    private func confirm(_ count: Int, _ session: Session) throws(CommandFailure) {
        if let expected, expected != count {
            throw CommandFailure(
                .conflict, "\(Self.articles(count)) match, not \(Quantity.grouped(expected)): nothing was deleted")
        }
        if isConfirmed || expected != nil { return }
        guard isatty(STDIN_FILENO) == 1, session.terminal.showsErrors else {
            throw .usage(
                "\(Self.articles(count)) match, and there is no terminal to ask at: nothing was deleted",
                hint: "--count \(count) or --yes deletes them without asking, --dry-run only counts them")
        }
        Complaint.write(
            "\(Self.articles(count)) will be deleted; there is no way back. Type their number to go on: ")
        let answer = readLine()?.filter { $0 != "," && !$0.isWhitespace } ?? ""
        guard answer == "\(count)" else {
            throw CommandFailure(.conflict, "that is not their number: nothing was deleted")
        }
    }

    // MARK: Deleting

    private func delete(_ subjects: SubjectFile, _ session: Session) async throws -> ExitCode {
        _ = Signals.catchInterrupts()
        var progress = Progress(shown: session.terminal.showsErrors && !session.json)
        var counts = Deletion.Counts()
        var failure: CommandFailure?
        do throws(CommandFailure) {
            try await Deletion(client: session.client).run { () throws(CommandFailure) in
                Signals.isInterrupted ? nil : try subjects.next()
            } note: {
                counts = $0
                progress.show(count: $0.all, fraction: Double($0.all) / Double(subjects.count))
            }
        } catch {
            failure = error
        }
        progress.clear()
        for line in counts.failures {
            CommandFailure(.software, "not deleted: \(line)").tell(asJSON: session.json)
        }
        try session.output.line(session.json ? json(counts, of: subjects.count).text : text(counts, of: subjects.count))
        if let failure {
            throw CommandFailure(
                failure.code, failure.message, hint: failure.hint ?? "run the same command again to go on",
                request: failure.request)
        }
        if Signals.isInterrupted, counts.all < subjects.count {
            throw CommandFailure(.interrupted, "stopped", hint: "run the same command again to go on")
        }
        return counts.failed > 0 ? .software : .success
    }

    /// "1,190 of 1,200 articles deleted; 7 were changed meanwhile and stay, 3 were gone already"
    private func text(_ counts: Deletion.Counts, of count: Int) -> String {
        var parts: [String] = []
        func add(_ count: Int, _ one: String, _ many: String) {
            if count > 0 { parts.append(count == 1 ? "1 \(one)" : "\(Quantity.grouped(count)) \(many)") }
        }
        add(counts.changed, "was changed meanwhile and stays", "were changed meanwhile and stay")
        add(counts.gone, "was gone already", "were gone already")
        add(counts.failed, "failed", "failed")
        add(count - counts.all, "was not tried", "were not tried")
        let deleted =
            counts.deleted == count
            ? "\(Self.articles(count)) deleted"
            : "\(Quantity.grouped(counts.deleted)) of \(Self.articles(count)) deleted"
        return deleted + (parts.isEmpty ? "" : "; " + parts.joined(separator: ", "))
    }

    private func json(_ counts: Deletion.Counts, of count: Int) -> JSON {
        .object([
            ("matching", .integer(count)), ("deleted", .integer(counts.deleted)), ("changed", .integer(counts.changed)),
            ("gone", .integer(counts.gone)), ("failed", .integer(counts.failed)),
            ("interrupted", .bool(Signals.isInterrupted)),
        ])
    }
}

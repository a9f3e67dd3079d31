// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import ArticleText
import JSONTree

/// Follows what is stored and deleted.
struct Watch: Command {
    static let description = CommandDescription(
        "watch", "follow what is stored and deleted, as it happens",
        discussion: [
            "Prints a line for each change, in order, until Ctrl-C. If articled restarts or the connection is lost, it connects again and "
                + "continues after the last change. A reader that was away gets each article once, in its present state.",
            "With --topic, --source or --language, `outside` means that an article was updated and does not match: it may have matched "
                + "before. Deletions are reported whatever the article was.",
            "With --exec, a shell runs the command for each change, one at a time. The article is on its standard input, as one line of "
                + "JSON; for other changes that is empty. Its environment has ARTICLED_CHANGE (stored, deleted, outside, unavailable or "
                + "restarted), ARTICLED_ID, ARTICLED_REVISION, ARTICLED_SEQUENCE and ARTICLED_CURSOR. A command that fails ends the watch "
                + "with exit status 3, so that no change is skipped.",
            "With --state, the place in the changes is kept in a file after each change that was printed or whose command succeeded. The "
                + "next start continues there: no change is lost, and the last one may come twice.",
            "`restarted` means that articled no longer knows what was deleted since the last change, because the reader was away for too "
                + "long or the store was restored. All articles follow once more: forget what you have.",
        ],
        options: [
            .value("from", "CURSOR|beginning|now", "where to begin, unless --state knows; default now"),
            .value("topic", "TOPIC", "only those of this topic, as kinh-doanh; `articlectl topics` lists them"),
            .value("source", "SOURCE", "only those of this source, as Mic.gov.vn; it is compared in NFC"),
            .value("language", "TAG", "only those in this language, as vi"),
            .value("content", "none|summary|full", "how much of each article; default full with --exec, else summary"),
            .value("exec", "COMMAND", "run this for each change"),
            .value("state", "FILE", "keep the place in the changes in this file"),
            .flag("once", "end when there is nothing newer"),
        ],
        examples: [
            .init("articlectl watch", "see what comes in"),
            .init("articlectl watch --from beginning --json | jq -r .article.title", "all titles, and those to come"),
            .init(
                "articlectl watch --from beginning --state place --exec 'test $ARTICLED_CHANGE = stored && cat > $ARTICLED_ID.json || rm -f $ARTICLED_ID.json'",
                "keep a copy of each article in a file"),
        ])

    private let start: ChangeStart
    private let topic: String
    private let source: String
    private let language: String
    private let content: WatchContent
    private let command: String?
    private let state: String?
    private let once: Bool

    init(_ arguments: Arguments) throws {
        start = try Self.start(arguments.value("from") ?? "now", from: "--from")
        topic = arguments.value("topic").map(NormalForm.slug) ?? ""
        source = NormalForm.nfc(arguments.value("source") ?? "")
        language = arguments.value("language") ?? ""
        command = arguments.value("exec")
        state = arguments.value("state")
        once = arguments.flag("once")
        content =
            switch arguments.value("content") {
            case "none": .none
            case "summary": .summary
            case "full": .full
            case nil: command == nil ? .summary : .full
            case let text?: throw CommandFailure.usage("--content \(text): none, summary or full is expected")
            }
    }

    func run(_ session: Session) async throws -> ExitCode {
        let place = try state.map { try WatchState($0) }
        let kept = try place?.kept.map { try Self.start($0, from: place?.path ?? "") }
        let changes = session.client.changes(
            from: kept ?? start, topic: topic, source: source, language: language, content: content)
        var previous = "beginning"
        if case .cursor(let cursor) = kept ?? start { previous = Base64.encode(cursor) }
        for try await change in changes {
            try handle(change, after: previous, session)
            previous = change.place
            try place?.keep(previous)
            if once, change.event == .caughtUp { break }
        }
        return .success
    }

    /// - Parameter previous: the cursor of the change before.
    private func handle(_ change: ArticleChange, after previous: String, _ session: Session) throws {
        if let line = session.json ? change.json.text : line(change, session) {
            try session.output.line(line)
            try session.output.flush()
        }
        guard let command, change.isForCommands else { return }
        let status = try ChangeCommand.run(command, change)
        guard status == 0 else {
            let subject = change.word + (change.id.map { " of \($0)" } ?? "")
            throw CommandFailure(
                .commandFailed, "the command ended with \(status) for the change \(subject)",
                hint: state == nil
                    ? "--from \(previous) begins with this change" : "the next start begins with this change")
        }
    }

    /// Time, kind, id and title; nil if there is nothing to show.
    private func line(_ change: ArticleChange, _ session: Session) -> String? {
        switch change.event {
        case .advanced: return nil
        case .caughtUp:
            return session.terminal.showsOutput ? session.style.faint("up to date, waiting for changes") : nil
        case .restarted:
            return "\trestarted\t\tarticled no longer knows what was deleted: all articles follow once more"
        default: break
        }
        let cells = [TimeText.local(change.time), change.word, change.id.map { "\($0)" } ?? "", change.title]
            .map { Sanitised.text($0) }
        guard session.terminal.showsOutput else { return cells.joined(separator: "\t") }
        let start = "\(cells[0])  \(cells[1].padded(to: 8))  \(cells[2])  "
        return start + cells[3].cut(to: max(10, session.terminal.width - start.count))
    }

    private static func start(_ text: String, from origin: String) throws(CommandFailure) -> ChangeStart {
        switch text {
        case "beginning": return .beginning
        case "now": return .now
        default:
            guard let cursor = Base64.decode(text), !cursor.isEmpty else {
                throw .usage(
                    "\(origin) \(text): beginning, now, or a cursor that `watch --json` printed is expected")
            }
            return .cursor(cursor)
        }
    }
}

extension ArticleChange {
    /// For people and programs.
    var word: String {
        switch event {
        case .stored: "stored"
        case .deleted: "deleted"
        case .outside: "outside"
        case .unavailable: "unavailable"
        case .advanced: "advanced"
        case .caughtUp: "caught-up"
        case .restarted: "restarted"
        }
    }

    var id: ArticleID? {
        switch event {
        case .stored(let article): article.id
        case .deleted(let id), .outside(let id): id
        case .unavailable(let id, _): id
        case .advanced, .caughtUp, .restarted: nil
        }
    }

    /// The cursor as `--from` takes it.
    var place: String { cursor.isEmpty ? "beginning" : Base64.encode(cursor) }

    /// A command is run for it.
    var isForCommands: Bool { ![.advanced, .caughtUp].contains(event) }

    fileprivate var title: String {
        switch event {
        case .stored(let article):
            article.title.isEmpty ? ArticlePage.beginning(of: article.body) : article.title
        case .unavailable(_, let error): error.message
        default: ""
        }
    }

    var json: JSON {
        var members: [(String, JSON)] = [("change", .string(word))]
        if sequence != 0 { members.append(("sequence", .integer(sequence))) }
        if let id { members.append(("id", .string("\(id)"))) }
        if revision != 0 { members.append(("revision", .integer(revision))) }
        if time != 0 { members.append(("time", .string(TimeText.rfc3339(time)))) }
        switch event {
        case .stored(let article): members.append(("article", article.json()))
        case .unavailable(_, let error): members.append(("message", .string(error.message)))
        default: break
        }
        members.append(("cursor", .string(place)))
        return .object(members)
    }
}

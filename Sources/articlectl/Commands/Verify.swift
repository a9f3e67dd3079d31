import ArticleClient
import ArticleProtocol

/// Has the service check all that it stores.
struct Verify: Command {
    static let description = CommandDescription(
        "verify", "check all that is stored while articled runs, and name what is damaged",
        discussion: [
            "Compares every article with its checksums, the indexes with the articles both ways, and the room in the files with itself. "
                + "articled goes on reading and writing meanwhile; what is changed is no finding. It needs the role administer.",
            "Prints a line for each finding, the first hundred of them, then the verdict. Ends with 74 if anything is damaged. "
                + "A damaged article is gone unless a backup has it: delete it, or store it again. A copy made by `articlectl backup` has "
                + "sound indexes, and all articles that are sound.",
            "Ctrl-C ends the check. articled makes it by itself, slowly, every week: `scrub` in articled.json5(5).",
        ],
        examples: [
            .init("articlectl verify", "progress on a terminal, findings, a verdict"),
            .init("articlectl verify --json | jq .damaged", "for a script"),
        ])

    init(_ arguments: Arguments) throws {}

    func run(_ session: Session) async throws -> ExitCode {
        let last = try await LongJob<VerifyProgress>(session).watch { job in
            session.client.stream("storage.verify", VerifyRequest(job: job), returning: VerifyProgress.self)
        }
        guard let result = last.result else { throw CommandFailure(.software, "articled gave no verdict") }
        if session.json {
            try session.output.line(Self.json(result).text)
        } else {
            for line in Self.text(result, session.style) { try session.output.line(line) }
        }
        return result.damaged == 0 ? .success : .io
    }

    private static func text(_ result: VerifyResult, _ style: Style) -> [String] {
        let checked =
            "\(Quantity.grouped(result.records)) articles (\(Quantity.bytes(result.bytes))) and "
            + "\(Quantity.grouped(result.indexEntries)) index entries checked in "
            + Quantity.duration(nanoseconds: Double(result.endedAt - result.startedAt) * 1e6)
        if result.damaged == 0 { return [style.green("sound") + ": \(checked)"] }
        return StorageFinding.lines(result.findings, of: result.damaged) + [
            style.red("damaged") + ": \(StorageFinding.text(result.damaged)); \(checked)"
        ]
    }

    private static func json(_ result: VerifyResult) -> JSON {
        .object([
            ("sound", .bool(result.damaged == 0)), ("damaged", .integer(result.damaged)),
            ("records", .integer(result.records)), ("bytes", .integer(result.bytes)),
            ("index_entries", .integer(result.indexEntries)),
            ("started_at", .string(TimeText.rfc3339(result.startedAt))),
            ("ended_at", .string(TimeText.rfc3339(result.endedAt))),
            ("findings", .array(result.findings.map(\.json))),
        ])
    }
}

extension VerifyProgress: JobProgress {
    var isOver: Bool { result != nil }
    /// A third of the whole for each phase.
    var fraction: Double? {
        guard let index = ["records", "index", "space"].firstIndex(of: phase), total > 0 else { return nil }
        return (Double(index) + Double(done) / Double(total)) / 3
    }
    var count: UInt64 { records }
}

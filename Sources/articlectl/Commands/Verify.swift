// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Makes the service check everything that it stores.
struct Verify: Command {
    static let description = CommandDescription(
        "verify", "check everything that is stored, while articled runs",
        discussion: [
            "Compares every article with its checksums, the indexes with the articles in both directions, and the free space in the files "
                + "with what is used. articled keeps reading and writing. This needs the role administer.",
            "Prints the first hundred findings, one a line, and then the verdict. The exit status is 74 if anything is damaged. A damaged "
                + "article is lost unless a backup has it: delete it, or store it again. A copy made by `articlectl backup` has sound "
                + "indexes and all sound articles.",
            "Ctrl-C stops the check. articled makes the same check by itself, slowly, once a week: see `scrub` in articled.json5(5).",
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
            try session.lines(Self.text(result, session.style))
        }
        return result.damaged == 0 ? .success : .io
    }

    private static func text(_ result: VerifyResult, _ style: Style) -> [String] {
        let checked =
            "\(Quantity.count(result.records, "article")) (\(Quantity.bytes(result.bytes))) and "
            + "\(Quantity.count(result.indexEntries, "index entry", "index entries")) checked in "
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

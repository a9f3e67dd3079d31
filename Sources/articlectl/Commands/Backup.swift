// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
internal import Glibc
import JSONTree

/// Makes the service copy everything that it stores.
struct Backup: Command {
    static let description = CommandDescription(
        "backup", "copy all articles as of one moment, while articled runs", operands: "[DIR]", count: 0...1,
        discussion: [
            "DIR is a directory on the machine that articled runs on. It must be missing or empty. It gets its name when the copy is "
                + "complete and on disk, so a directory of that name is always a whole backup. If DIR cannot be used, the exit "
                + "status is 73. Without DIR, articled makes one "
                + "in `backups` in its own state directory, and prints its path. This needs the role administer.",
            "The copy has the articles with their ids, revisions and times, and new indexes. It has no free space in it. "
                + "`articled --state-directory DIR` starts on it as it is. Each article is compared with its checksums: a damaged "
                + "article is named and left out, and the exit status is 74.",
            "articled writes the files, as its own user. Under systemd it can write only to its state directory, and it has a /tmp of its "
                + "own. For any other place, make a directory that belongs to its user, and allow it with ReadWritePaths= in a "
                + "drop-in (`systemctl edit articled`).",
            "Ctrl-C stops the backup and leaves nothing behind.",
        ],
        examples: [
            .init("articlectl backup", "in articled's own directory"),
            .init("articlectl backup /srv/backup/articled-$(date +%F)", "for a timer"),
        ])

    private let directory: String

    init(_ arguments: Arguments) throws {
        directory = try arguments.operands.first.map { try Self.absolute($0) } ?? ""
    }

    func run(_ session: Session) async throws -> ExitCode {
        let last: BackupProgress
        do {
            last = try await LongJob<BackupProgress>(session).watch { job in
                let request = BackupRequest(directory: directory, job: job)
                return session.client.stream("storage.backup", request, returning: BackupProgress.self)
            }
        } catch let error as ClientError where error.status == .failedPrecondition {
            throw CommandFailure(.conflict, error.message)  // damage is 74
        }
        guard let result = last.result else {
            throw CommandFailure(.software, "articled did not say how the backup ended")
        }
        if session.json {
            try session.output.line(Self.json(result).text)
        } else {
            try session.lines(Self.text(result, session.style))
        }
        tellIfHidden(result, session)
        return result.damaged == 0 ? .success : .io
    }

    /// On the machine where this is typed: usually the one that articled runs on.
    private static func absolute(_ path: String) throws(CommandFailure) -> String {
        var path = path
        if !path.hasPrefix("/") {
            guard let here = unsafe getcwd(nil, 0) else {
                throw CommandFailure(.noInput, "the current directory does not exist")
            }
            defer { unsafe free(here) }
            path = unsafe String(cString: here) + "/" + path
        }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard let name = parts.last, parts.contains("..") else { return "/" + parts.joined(separator: "/") }
        // As the kernel follows it, since ".." behind a symbolic link is not the directory before it.
        if name == ".." { return resolved(path) ?? path }
        let parent = "/" + parts.dropLast().joined(separator: "/")
        return resolved(parent).map { $0 == "/" ? "/\(name)" : "\($0)/\(name)" } ?? path
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// What a service with a /tmp of its own writes there, nobody else can see.
    private func tellIfHidden(_ result: BackupResult, _ session: Session) {
        let isHere = session.endpoints.allSatisfy { if case .unix = $0 { true } else { false } }
        guard isHere, !directory.isEmpty else { return }
        var status = stat()
        guard unsafe stat(result.directory, &status) != 0, errno == ENOENT else { return }
        CommandFailure(
            .io,
            "\(result.directory) cannot be seen from here: articled has a /tmp of its own, which is deleted when it stops",
            hint: "name a directory outside /tmp"
        ).tell(asJSON: session.json)
    }

    private static func text(_ result: BackupResult, _ style: Style) -> [String] {
        let copied =
            "\(Quantity.count(result.records, "article")) as of \(TimeText.rfc3339(result.takenAt)), "
            + "\(Quantity.bytes(result.bytes)), in \(Sanitised.text(result.directory))"
        if result.damaged == 0 { return [style.green("complete") + ": \(copied)"] }
        let missing =
            result.damaged == 1 ? "1 damaged article is" : "\(Quantity.grouped(result.damaged)) damaged articles are"
        return StorageFinding.lines(result.findings, of: result.damaged) + [
            style.red("incomplete") + ": \(missing) missing; \(copied)"
        ]
    }

    private static func json(_ result: BackupResult) -> JSON {
        .object([
            ("directory", .string(result.directory)), ("records", .integer(result.records)),
            ("bytes", .integer(result.bytes)), ("damaged", .integer(result.damaged)),
            ("taken_at", .string(TimeText.rfc3339(result.takenAt))),
            ("ended_at", .string(TimeText.rfc3339(result.endedAt))),
            ("findings", .array(result.findings.map(\.json))),
        ])
    }
}

extension BackupProgress: JobProgress {
    var isOver: Bool { result != nil }
    var fraction: Double? { total > 0 ? Double(done) / Double(total) : nil }
    var count: UInt64 { done }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The commands of README, typed one after the other into one shell on a terminal of 100 columns, in a clone that is
/// called `articled`.
///
/// `deploy/quickstart` is taken as done: its directory has the programs that were built with this test, and its service
/// runs.
struct ReadmeSession {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// What a command printed, and its exit status; nil if the session ended before.
    struct Result {
        let status: Int32?
        let printed: [String]
    }

    let published: PublishedPackage
    private var clone: URL { published.directory.appending(path: "articled") }

    init() throws {
        published = try PublishedPackage()
        try PublishedPackage.run(
            """
            mkdir -p "$1/bin" "$1/lib/articled/plugins" "$1/lib/articled/models"
            cp "$2/articled" "$2/articlectl" "$1/bin"
            for plugin in Store Fetch Changes Classify Search Duplicates LMDBStorage; do cp "$2/lib$plugin.so" "$1/lib/articled/plugins"; done
            cp "$3/Plugins/Classify/Model/news-vi.topics" "$1/lib/articled/models"
            """,
            arguments: [
                clone.appending(path: ".build/quickstart").path, Service.products.path, PublishedPackage.root.path,
            ])
    }

    /// Writes a file that README shows; `path` is relative to the clone.
    func write(_ text: String, to path: String) throws {
        let file = clone.appending(path: path).standardizedFileURL
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: false, encoding: .utf8)
    }

    /// Checks a configuration as `articled --check-configuration` does, plugins' sections too.
    func checkConfiguration(_ text: String) throws {
        try write(text, to: ".build/articled.json5")
        try PublishedPackage.run(
            "\"$1/bin/articled\" --check-configuration --configuration \"$2\"",
            arguments: [file(".build/quickstart").path, file(".build/articled.json5").path])
    }

    /// The path of a file that a command of README made; `path` is relative to the clone.
    func file(_ path: String) -> URL { clone.appending(path: path).standardizedFileURL }

    private static let untilItListens =
        "for turn in {1..500}; do articlectl ping >/dev/null 2>&1 && break; sleep 0.02; done"

    /// Runs the commands. One that fails does not end the session.
    func run(_ commands: [MarkdownBlock.Command]) throws -> [Result] {
        // A record separator tells commands' output apart: no program of ours writes one to a terminal.
        let mark = "\u{1e}"
        var lines = [
            "stty cols 100 rows 40",
            "cd \"$CLONE\"",
            "quickstart=$PWD/.build/quickstart",
            "export PATH=$quickstart/bin:$PATH ARTICLED_ENDPOINT=unix:$quickstart/articled.sock",
            // Not a job of the shell, where README's own are.
            "first=$(articled --listen $ARTICLED_ENDPOINT --state-directory $quickstart/state >$quickstart/log 2>&1 & echo $!)",
            "trap 'kill $first $(jobs -p) 2>/dev/null; wait' EXIT",
            Self.untilItListens,
        ]
        for (number, command) in commands.enumerated() {
            lines.append("printf '\\n\(mark)\(number)\\n'")
            lines.append(command.text)
            lines.append("printf '\\n\(mark)=%d\\n' $?")
            // A person takes longer to type the next command than the service to start.
            if command.text.hasSuffix("&") { lines.append(Self.untilItListens) }
        }
        let script = published.directory.appending(path: "session.sh")
        try (lines.joined(separator: "\n") + "\n").write(to: script, atomically: false, encoding: .utf8)
        let output = published.directory.appending(path: "session.out")

        let process = Child()
        process.executableURL = URL(filePath: "/usr/bin/script")
        process.arguments = ["-qfc", "bash '\(script.path)'", output.path]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }.merging([
            "CLONE": clone.path, "TMPDIR": published.directory.path, "TERM": "xterm", "NO_COLOR": "1",
            "SWIFT_BACKTRACE": "enable=no", "CONFIGURATION_DIRECTORY": published.directory.path, "LC_ALL": "C.UTF-8",
        ]) { $1 }
        process.environment["ARTICLED_ENDPOINT"] = nil
        try process.run()
        process.waitUntilExit()

        let pieces = try String(contentsOf: output, encoding: .utf8).components(separatedBy: mark).dropFirst()
        var results = commands.map { _ in Result(status: nil, printed: []) }
        var current = 0
        var printed: [String] = []
        for piece in pieces {
            let head = String(piece.prefix { $0 != "\r\n" && $0 != "\n" && $0 != "\r" })
            if head.hasPrefix("="), let status = Int32(head.dropFirst()) {
                results[current] = Result(status: status, printed: printed)
            } else if let number = Int(head), commands.indices.contains(number) {
                (current, printed) = (number, ShownOutput.settled(String(piece.dropFirst(head.count))))
                results[current] = Result(status: nil, printed: printed)
            } else {
                throw Failed(description: "the session has \(head.debugDescription) where a command begins or ends")
            }
        }
        return results
    }
}

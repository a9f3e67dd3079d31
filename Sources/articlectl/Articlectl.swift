// SPDX-License-Identifier: Apache-2.0
import CLinux
internal import Glibc
import JSONTree
import Spelling

/// The program: finds the command, runs it, ends with its code.
@main
enum Articlectl {
    /// In the order of the overview.
    static let commands: [any Command.Type] = [
        Store.self, Fetch.self, List.self, Search.self, Related.self, Duplicates.self, Watch.self, Delete.self,
        Classify.self, Topics.self, Import.self, Export.self,
        Backup.self, Verify.self, Call.self, ServiceStatus.self, Top.self, Metrics.self,
        Plugins.self, Ping.self, Bench.self, Train.self, Evaluate.self, NewPlugin.self, Completion.self,
    ]

    static func main() async {
        clinux_fill_standard_descriptors()
        Signals.ignoreBrokenPipes()
        exit(await run(given).rawValue)
    }

    /// The words behind the program's name. Not those of `CommandLine`, which are none where a preloaded library has moved
    /// the environment.
    private static var given: [String] {
        var given: [String] = []
        while let word = unsafe clinux_argument(Int32(given.count + 1)) {
            unsafe given.append(FileName.text(UnsafeRawBufferPointer(start: word, count: strlen(word))))
        }
        return given
    }

    /// Runs a command line, and tells what went wrong on standard error.
    static func run(_ words: [String]) async -> ExitCode {
        do {
            return try await carryOut(words)
        } catch {
            let failure = CommandFailure(of: error)
            failure.tell(asJSON: words.prefix { $0 != "--" }.contains("--json"))
            return failure.code
        }
    }

    private static func carryOut(_ words: [String]) async throws -> ExitCode {
        guard let (name, words) = try CommandLineWords.split(words) else { return try withoutCommand(words) }
        if name == "help" { return try Help(Arguments(words, for: Help.description)).show() }
        let command = try find(name)
        let arguments = try Arguments(words, for: command.description)
        if arguments.flag("help") { return try Help(command.description.name, arguments).show() }
        let session = try Session(arguments)
        if session.json { Signals.tellInterrupts(CommandFailure(.interrupted, "stopped by a signal").json.text + "\n") }
        let code: ExitCode
        do {
            code = try await command.init(arguments).run(session)
        } catch {
            try? session.output.flush()  // what was found before it failed
            throw error
        }
        try session.output.flush()
        return code
    }

    private static func withoutCommand(_ words: [String]) throws -> ExitCode {
        if words.contains("--help") || words.contains("-h") {
            return try Help(nil, Arguments(words, for: Help.description)).show()
        }
        if words.first == "--version" {
            try Output(isTerminal: true).line(Version.report)
            return .success
        }
        guard words.isEmpty else {
            throw CommandFailure.usage("there is no command", hint: "`articlectl help` shows the commands")
        }
        Complaint.write(CommandHelp.overview(commands, width: Terminal.size(STDERR_FILENO)?.columns ?? 80))
        return .usage
    }

    static func find(_ name: String) throws(CommandFailure) -> any Command.Type {
        if let command = commands.first(where: { $0.description.name == name }) { return command }
        let meant = Suggestion.closest(to: name, among: commands.map { $0.description.name } + ["help"])
        throw .usage(
            "there is no command \"\(name)\"",
            hint: meant.map { "did you mean `articlectl \($0)`?" } ?? "`articlectl help` shows the commands")
    }
}

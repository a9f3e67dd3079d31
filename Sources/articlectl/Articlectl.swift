internal import Glibc
import Spelling

/// The program: finds the command, runs it, ends with its code.
@main
enum Articlectl {
    /// In the order of the overview.
    static let commands: [any Command.Type] = [
        Store.self, Fetch.self, List.self, Delete.self, Classify.self, Topics.self, Import.self, Export.self,
        ServiceStatus.self, Metrics.self,
        Plugins.self, Ping.self, Bench.self, Train.self, Evaluate.self, Completion.self,
    ]

    static func main() async {
        Signals.ignoreBrokenPipes()
        exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
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
        guard let place = words.firstIndex(where: { !$0.hasPrefix("-") }), place == 0 else {
            return try withoutCommand(words)
        }
        let rest = words.dropFirst()
        if words[0] == "help" { return try help(rest.first) }
        let command = try find(words[0])
        let arguments = try Arguments(rest, for: command.description)
        if arguments.flag("help") { return try help(command.description.name) }
        let session = try Session(arguments)
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
        switch words.first {
        case "--help", "-h": return try help(nil)
        case "--version":
            try Output(isTerminal: true).line("articlectl \(Version.text)")
            return .success
        case nil:
            Complaint.write(CommandHelp.overview(commands))
            return .usage
        case let word?:
            throw CommandFailure.usage(
                "the command comes first, then its options: articlectl COMMAND \(word) ...",
                hint: "`articlectl help` shows the commands")
        }
    }

    static func find(_ name: String) throws(CommandFailure) -> any Command.Type {
        if let command = commands.first(where: { $0.description.name == name }) { return command }
        let meant = Suggestion.closest(to: name, among: commands.map { $0.description.name } + ["help"])
        throw .usage(
            "there is no command \"\(name)\"",
            hint: meant.map { "did you mean `articlectl \($0)`?" } ?? "`articlectl help` shows the commands")
    }

    private static func help(_ topic: String?) throws -> ExitCode {
        let output = Output(isTerminal: true)
        switch topic {
        case nil: try output.write(CommandHelp.overview(commands))
        case "manual-page": try output.write(ManualPage.text(commands.map { $0.description }))
        case "exit-codes": try output.write(CommandHelp.exitCodes)
        case let name?: try output.write(CommandHelp.page(find(name).description))
        }
        return .success
    }
}

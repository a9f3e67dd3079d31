/// The help pages, made from the descriptions.
enum CommandHelp {
    static func overview(_ commands: [any Command.Type]) -> String {
        let width = commands.map { $0.description.name.count }.max() ?? 0
        let lines = commands.map { command in
            let description = command.description
            return "  " + description.name.padded(to: width + 2) + description.summary
        }
        return """
            articlectl stores, fetches and classifies articles with articled.

            usage: articlectl COMMAND [OPTION...] [ARGUMENT...]
            Options of every command may stand before the command as well.

            \(lines.joined(separator: "\n"))
              \("help".padded(to: width + 2))explain a command, or `exit-codes`

            options of every command:
            \(table(Option.common))

            Without --socket and --tcp the environment's ARTICLED_ENDPOINT says where articled is:
            unix:/run/articled/articled.sock or tcp:127.0.0.1:7450.

            examples:
              articlectl store story.txt            store an article, see its id
              articlectl list --limit 5             the five newest
              articlectl help import                all about importing

            """
    }

    static func page(_ command: CommandDescription) -> String {
        var page = "usage: articlectl \(command.name) [OPTION...]"
        page += (command.operands.isEmpty ? "" : " " + command.operands) + "\n\n"
        page += command.summary.prefix(1).uppercased() + command.summary.dropFirst() + ".\n"
        for paragraph in command.discussion {
            page += "\n" + Wrapping.fill(paragraph, width: 90).joined(separator: "\n") + "\n"
        }
        if !command.options.isEmpty { page += "\noptions:\n" + table(command.options) + "\n" }
        page += "\noptions of every command:\n" + table(Option.common) + "\n"
        page += "\nexamples:\n"
        for example in command.examples { page += "  \(example.line)\n      \(example.meaning)\n" }
        return page
    }

    static var exitCodes: String {
        "articlectl ends with one of these, as in sysexits(3):\n\n"
            + ExitCode.allCases.map { code in
                let number = String(code.rawValue)
                return String(repeating: " ", count: 5 - number.count) + number + "  " + code.meaning + "\n"
            }.joined()
            + "\nWith --json the error is one line of JSON on standard error:\n"
            + "  {\"error\":{\"code\":\"unavailable\",\"exit\":69,\"message\":\"...\",\"hint\":\"...\",\"request\":17}}\n"
            + "code is one of: " + ExitCode.allCases.dropFirst().map(\.name).joined(separator: ", ") + ".\n"
            + "hint and request are there if there is something to be done, and if the journal knows the request.\n"
    }

    private static func table(_ options: [Option]) -> String {
        let width = min(30, options.map { $0.usage.count }.max() ?? 0)
        return options.flatMap { option in
            let lines = Wrapping.fill(option.summary, width: 90 - width - 4)
            return lines.enumerated().map { index, line in
                "  " + (index == 0 ? option.usage : "").padded(to: width + 2) + line
            }
        }.joined(separator: "\n")
    }
}

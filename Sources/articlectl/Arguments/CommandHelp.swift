// SPDX-License-Identifier: Apache-2.0
/// The help pages, made from the descriptions.
enum CommandHelp {
    /// - Parameter width: of the terminal.
    static func overview(_ commands: [any Command.Type], width: Int) -> String {
        var entries: [(name: String, meaning: String)] = commands.map { ($0.description.name, $0.description.summary) }
        entries.append((Help.description.name, Help.description.summary))
        return """
            articlectl stores, fetches and classifies articles with articled.

            usage: articlectl COMMAND [OPTION...] [ARGUMENT...]
            Options of every command may stand before the command as well.

            \(list(entries, width: width))

            options of every command:
            \(table(Option.common, width: width))

            Without --socket, --tcp and --endpoint, the environment variable
            ARTICLED_ENDPOINT says where articled is, in the form of --endpoint:
            unix:/run/articled/articled.sock,tcp:10.0.0.2:7450.

            examples:
              articlectl store story.txt            store an article, print its id
              articlectl list --limit 5             the five newest
              articlectl help import                all about importing

            """
    }

    static func page(_ command: CommandDescription, width: Int) -> String {
        let width = measure(width)
        let operands = command.operands.isEmpty ? "" : " " + command.operands
        let usage = Wrapping.hanging(
            "usage: articlectl \(command.name) [OPTION...]\(operands)", indent: 7, width: width)
        var page = usage.joined(separator: "\n") + "\n\n"
        let summary = command.summary.prefix(1).uppercased() + command.summary.dropFirst() + "."
        for paragraph in [summary] + command.discussion {
            page += Wrapping.fill(paragraph, width: width).joined(separator: "\n") + "\n\n"
        }
        if !command.options.isEmpty { page += "options:\n" + table(command.options, width: width) + "\n\n" }
        page += "options of every command:\n" + table(Option.common, width: width) + "\n\nexamples:\n"
        for example in command.examples {
            page += Wrapping.shellLine(example.line, indent: 2, width: width).joined(separator: "\n") + "\n"
            let meaning = Wrapping.fill(example.meaning, width: width - 6)
            page += meaning.map { "      \($0)\n" }.joined()
        }
        return page
    }

    /// What `help exit-codes` shows.
    static func exitCodes(width: Int) -> String {
        let width = measure(width)
        let codes = ExitCode.allCases.map { code in
            let number = String(code.rawValue).paddedLeft(to: 5)
            let lines = Wrapping.fill(code.meaning, width: width - 7)
            return lines.enumerated().map { ($0 == 0 ? number : "     ") + "  " + $1 + "\n" }.joined()
        }
        let names = ExitCode.allCases.dropFirst().map(\.name)
        let last = """
            `code` is one of the names below. `hint` says what to do, if there is something to do. `request` is \
            the number that the journal has the request under, if it has one.
            """
        var page = "articlectl ends with one of these exit statuses, as in sysexits(3):\n\n" + codes.joined()
        page += "\nWith --json an error is one line of JSON on standard error:\n"
        page += #"  {"error":{"code":"io","exit":74,"message":"...","hint":"...","request":17}}"# + "\n"
        for line in Wrapping.fill(last, width: width) { page += line + "\n" }
        let list = Wrapping.join(names, by: ", ", indent: 0, width: width - 2)
        for line in list { page += "  \(line)\n" }
        return page
    }

    /// Lines longer than this are hard to read, however wide the terminal is.
    private static func measure(_ width: Int) -> Int { max(40, min(width, 100)) }

    private static func table(_ options: [Option], width: Int) -> String {
        list(options.map { ($0.usage, $0.summary) }, width: width)
    }

    /// Names, and beside each what it means. A name that is too long for its column has a line of its own.
    private static func list(_ entries: [(name: String, meaning: String)], width: Int) -> String {
        let width = measure(width)
        let column = min(width / 2 - 4, 30, entries.map { DisplayWidth.of($0.name) }.max() ?? 0)
        return entries.flatMap { name, meaning in
            let lines = Wrapping.fill(meaning, width: width - column - 4)
            let fits = DisplayWidth.of(name) <= column
            let set = lines.enumerated().map { index, line in
                "  " + (index == 0 && fits ? name : "").padded(to: column + 2) + line
            }
            return (fits ? [] : ["  " + name]) + set
        }.joined(separator: "\n")
    }
}

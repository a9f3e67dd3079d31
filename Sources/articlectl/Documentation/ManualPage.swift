// SPDX-License-Identifier: Apache-2.0
/// articlectl(1), made from the commands' descriptions; the language is that of man(7).
enum ManualPage {
    static func text(_ commands: [CommandDescription]) -> String {
        """
        .\\" Made by `articlectl help manual-page`.
        .TH ARTICLECTL 1 "" "articled \(Version.text)" "User Commands"
        .SH NAME
        articlectl \\- store, fetch and classify articles with articled
        .SH SYNOPSIS
        .B articlectl
        .I COMMAND
        .RI [ OPTION ...]
        .RI [ ARGUMENT ...]
        .SH DESCRIPTION
        .B articlectl
        is the command line of
        .BR articled (8).
        Options may stand before and after arguments. Everything after
        .B \\-\\-
        is an argument, even if it begins with a dash. Options of every command may also stand before the command.
        .PP
        On a terminal, tables and paragraphs are set to its width, and what does not fit is cut. Elsewhere nothing is cut.
        Programs should read
        .BR \\-\\-json .
        .SH COMMANDS
        \(commands.map(section).joined(separator: "\n"))
        .SS help [COMMAND]
        Explain a command, or
        .BR exit\\-codes .
        .SH OPTIONS OF EVERY COMMAND
        \(list(Option.common))
        .SH EXIT STATUS
        As in sysexits(3):
        \(ExitCode.allCases.map { entry("\($0.rawValue)", $0.meaning) }.joined(separator: "\n"))
        .SH ENVIRONMENT
        \(entry("ARTICLED_ENDPOINT", "where articled is, without --socket, --tcp, --tls and --endpoint, in the form of --endpoint"))
        \(entry("ARTICLED_CA, ARTICLED_CERTIFICATE, ARTICLED_KEY", "files for TLS, without --ca, --certificate and --key"))
        \(entry("NO_COLOR", "if set and not empty: no colours; TERM=dumb has the same effect"))
        \(entry("TZ", "the time zone of the times that people read and type; default: that of the machine"))
        .SH FILES
        \(entry("/run/articled/articled.sock", "articled's Unix socket"))
        .SH SEE ALSO
        .BR articled (8),
        .BR articled.json5 (5)

        """
    }

    private static func section(_ command: CommandDescription) -> String {
        var parts = [".SS \(escaped("\(command.name) \(command.operands)"))"]
        parts.append(line(command.summary.prefix(1).uppercased() + command.summary.dropFirst() + "."))
        for paragraph in command.discussion { parts += [".PP", line(paragraph)] }
        if !command.options.isEmpty { parts.append(list(command.options)) }
        for example in command.examples {
            parts += [".PP", line(example.meaning.prefix(1).uppercased() + example.meaning.dropFirst() + ":")]
            parts += [".RS 4", ".EX", line(example.line), ".EE", ".RE"]
        }
        return parts.joined(separator: "\n")
    }

    private static func list(_ options: [Option]) -> String {
        options.map { option in
            let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
            let value = option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""
            return ".TP\n\(short)\\fB\\-\\-\(escaped(option.name))\\fR\(value)\n\(line(option.summary))"
        }.joined(separator: "\n")
    }

    private static func entry(_ name: String, _ text: String) -> String { ".TP\n.B \(escaped(name))\n\(line(text))" }

    /// A line of text, which must not look like a request; `words` like these are set in bold.
    private static func line(_ text: some StringProtocol) -> String {
        let pieces = text.split(separator: "`", omittingEmptySubsequences: false)
        let set = pieces.enumerated().map { $0 % 2 == 1 ? "\\fB\(escaped($1))\\fR" : escaped($1) }.joined()
        return set.hasPrefix(".") || set.hasPrefix("'") ? "\\&" + set : set
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            default: result.append(character)
            }
        }
    }
}

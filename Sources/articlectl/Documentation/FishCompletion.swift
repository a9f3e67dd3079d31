/// Completion for fish, made from the commands' descriptions.
enum FishCompletion {
    static func script(_ commands: [CommandDescription]) -> String {
        var lines = [
            "# Completion of articlectl for fish, made by `articlectl completion fish`.",
            "function __articlectl_topics", "    \(CompletionSource.topicsCommand)", "end",
            "complete -c articlectl -f",
        ]
        for command in commands {
            lines.append(
                "complete -c articlectl -n __fish_use_subcommand -a \(command.name) -d \(quoted(command.summary))")
        }
        lines.append("complete -c articlectl -n __fish_use_subcommand -a help -d 'explain a command'")
        let topics = (commands.map(\.name) + CommandDescription.helpTopics).joined(separator: " ")
        lines.append("complete -c articlectl -n '__fish_seen_subcommand_from help' -a '\(topics)'")
        for command in commands {
            let start = "complete -c articlectl -n '__fish_seen_subcommand_from \(command.name)'"
            for option in command.allOptions {
                let short = option.short.map { " -s \($0)" } ?? ""
                let value = option.value == nil ? "" : " -r\(offers(option.completion))"
                lines.append("\(start) -l \(option.name)\(short)\(value) -d \(quoted(option.summary))")
            }
            let operands = offers(CompletionSource(command.operands))
            if !operands.isEmpty { lines.append(start + operands) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func offers(_ source: CompletionSource) -> String {
        switch source {
        case .files: " -F"
        case .directories: " -a '(__fish_complete_directories)'"
        case .topics: " -a '(__articlectl_topics)'"
        case .words(let words): " -a '\(words.joined(separator: " "))'"
        case .nothing: ""
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}

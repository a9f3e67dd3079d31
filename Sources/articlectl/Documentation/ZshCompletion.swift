/// Completion for zsh, made from the commands' descriptions.
enum ZshCompletion {
    static func script(_ commands: [CommandDescription]) -> String {
        let overview = commands.map { "        \(quoted("\($0.name):\($0.summary)"))" }.joined(separator: "\n")
        let names = (commands.map(\.name) + CommandDescription.helpTopics).joined(separator: " ")
        return """
            #compdef articlectl
            # Completion of articlectl for zsh, made by `articlectl completion zsh`.

            _articlectl_topics() {
                local -a topics
                topics=(${(f)"$(\(CompletionSource.topicsCommand))"})
                compadd -a topics
            }

            _articlectl() {
                local -a commands
                commands=(
            \(overview)
                    'help:explain a command'
                )
                if ((CURRENT == 2)); then
                    _describe command commands
                    return
                fi
                local command=$words[2]
                shift words
                ((CURRENT--))
                case $command in
            \(commands.map(branch).joined(separator: "\n"))
                help) _arguments '1:command:(\(names))' ;;
                esac
            }

            _articlectl "$@"

            """
    }

    private static func branch(_ command: CommandDescription) -> String {
        var arguments = command.allOptions.flatMap { option in
            let note = "[\(escaped(option.summary))]"
            let message = option.value.map { ":\(escaped($0)):\(action(option.completion))" } ?? ""
            let repeated = option.repeatable ? "*" : ""
            let long = "\(repeated)--\(option.name)\(option.value == nil ? "" : "=")\(note)\(message)"
            let short = option.short.map { "\(repeated)-\($0)\(option.value == nil ? "" : "+")\(note)\(message)" }
            return [long] + (short.map { [$0] } ?? [])
        }
        if !command.operands.isEmpty {
            arguments.append("*:\(escaped(command.operands)):\(action(CompletionSource(command.operands)))")
        }
        let lines = arguments.map { " \\\n            \(quoted($0))" }
        return "    \(command.name))\n        _arguments -s\(lines.joined())\n        ;;"
    }

    private static func action(_ source: CompletionSource) -> String {
        switch source {
        case .files: "_files"
        case .directories: "_files -/"
        case .topics: "_articlectl_topics"
        case .words(let words): "(\(words.joined(separator: " ")))"
        case .nothing: " "
        }
    }

    /// What means something within a specification of _arguments.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if ":[]\\".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}

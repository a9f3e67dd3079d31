// SPDX-License-Identifier: Apache-2.0
/// What a shell can offer where a value or an operand belongs, as the help names it.
enum CompletionSource: Equatable {
    case files
    case directories
    case words([String])
    /// Those of the service, asked when it is needed.
    case topics
    case sources
    /// Only the person knows.
    case nothing

    /// - Parameter name: what the help calls it: "FILE", "TOPIC", "fetch|store", "DIR|FILE|-...".
    init(_ name: String) {
        let names = name.split(whereSeparator: { "|[]. ".contains($0) })
        if names.contains(where: { ["FILE", "PATH", "DATA", "MODEL"].contains($0) }) {
            self = .files
        } else if names.contains("DIR") {
            self = .directories
        } else if name == "TOPIC" {
            self = .topics
        } else if name == "SOURCE" {
            self = .sources
        } else if name == "FORMAT" {
            self = .words(InputFormat.allCases.map(\.rawValue))
        } else if names == ["auto", "ENCODING"] {
            self = .words(TextEncoding.completions)
        } else if !names.isEmpty, names.allSatisfy({ $0.allSatisfy { $0.isLowercase } }) {
            self = .words(names.map(String.init))
        } else {
            self = .nothing
        }
    }

    /// Commands that print the service's names, one a line, and nothing if articled does not answer.
    static let topicsCommand = "articlectl completion topics --timeout 2 2>/dev/null"
    static let sourcesCommand = "articlectl completion sources --timeout 2 2>/dev/null"
}

extension CommandDescription {
    /// What `help` explains besides commands.
    static let helpTopics = ["exit-codes"]

    /// Its options as they are typed: "--limit", "-n".
    var optionWords: [String] {
        allOptions.flatMap { ["--\($0.name)"] + ($0.short.map { ["-\($0)"] } ?? []) }
    }
}

extension Option {
    var completion: CompletionSource { value.map(CompletionSource.init) ?? .nothing }
}

/// Completion for bash, made from the commands' descriptions; it needs no package besides bash.
enum BashCompletion {
    static func script(_ commands: [CommandDescription]) -> String {
        let names = commands.map(\.name)
        return """
            # Completion of articlectl for bash, made by `articlectl completion bash`.
            _articlectl() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} options= words= kind=
                # --option=value is three words to bash.
                if [[ $current == = ]]; then
                    current=
                elif [[ $previous == = ]]; then
                    previous=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                COMPREPLY=()
                if ((COMP_CWORD == 1)); then
                    mapfile -t COMPREPLY < <(compgen -W '\((names + ["help", "--help", "--version"]).joined(separator: " "))' -- "$current")
                    return
                fi
                case ${COMP_WORDS[1]} in
            \(commands.map(branch).joined(separator: "\n"))
                help) words='\((names + CommandDescription.helpTopics).joined(separator: " "))' ;;
                esac
                if [[ $current == -* && $previous != "$current" && ! $kind ]]; then
                    words=$options
                elif [[ $kind == topics ]]; then
                    words=$(\(CompletionSource.topicsCommand))
                elif [[ $kind == sources ]]; then
                    # Names with blanks.
                    mapfile -t COMPREPLY < <(\(CompletionSource.sourcesCommand) | while IFS= read -r name; do
                        [[ $name != "${current//\\\\/}"* ]] || printf '%q\\n' "$name"
                    done)
                    return
                elif [[ $kind == file || $kind == directory ]]; then
                    compopt -o filenames 2>/dev/null
                    mapfile -t COMPREPLY < <(compgen -A "$kind" -- "$current")
                    return
                elif [[ $kind == nothing ]]; then
                    return
                fi
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            }
            complete -F _articlectl articlectl

            """
    }

    /// Sets `options`, and `kind` and `words` for what is being typed.
    private static func branch(_ command: CommandDescription) -> String {
        let indent = "        "
        var lines = ["    \(command.name))", "\(indent)options='\(command.optionWords.joined(separator: " "))'"]
        lines.append("\(indent)case $previous in")
        let valued = Dictionary(grouping: command.allOptions.filter { $0.value != nil }) { assignment($0.completion) }
        for (assignment, options) in valued.sorted(by: { $0.key < $1.key }) {
            let spellings = options.flatMap { ["--\($0.name)"] + ($0.short.map { ["-\($0)"] } ?? []) }
            lines.append("\(indent)\(spellings.joined(separator: " | "))) \(assignment) ;;")
        }
        let operands = CompletionSource(command.operands)
        if operands != .nothing {
            lines.append("\(indent)*) [[ $current == -?* ]] || \(assignment(operands)) ;;")
        }
        lines += ["\(indent)esac", "\(indent);;"]
        return lines.joined(separator: "\n")
    }

    private static func assignment(_ source: CompletionSource) -> String {
        switch source {
        case .files: "kind=file"
        case .directories: "kind=directory"
        case .topics: "kind=topics"
        case .sources: "kind=sources"
        case .words(let words): "kind=words words='\(words.joined(separator: " "))'"
        case .nothing: "kind=nothing"
        }
    }
}

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

            _articlectl_sources() {
                local -a sources
                sources=(${(f)"$(\(CompletionSource.sourcesCommand))"})
                compadd -a sources
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
        case .sources: "_articlectl_sources"
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

/// Completion for fish, made from the commands' descriptions.
enum FishCompletion {
    static func script(_ commands: [CommandDescription]) -> String {
        var lines = [
            "# Completion of articlectl for fish, made by `articlectl completion fish`.",
            "function __articlectl_topics", "    \(CompletionSource.topicsCommand)", "end",
            "function __articlectl_sources", "    \(CompletionSource.sourcesCommand)", "end",
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
        case .sources: " -a '(__articlectl_sources)'"
        case .words(let words): " -a '\(words.joined(separator: " "))'"
        case .nothing: ""
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}

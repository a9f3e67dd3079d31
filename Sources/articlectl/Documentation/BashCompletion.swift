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
        case .words(let words): "kind=words words='\(words.joined(separator: " "))'"
        case .nothing: "kind=nothing"
        }
    }
}

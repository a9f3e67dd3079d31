/// What a shell can offer where a value or an operand belongs, as the help names it.
enum CompletionSource: Equatable {
    case files
    case directories
    case words([String])
    /// Those of the service, asked when it is needed.
    case topics
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
        } else if name == "FORMAT" {
            self = .words(InputFormat.allCases.map(\.rawValue))
        } else if !names.isEmpty, names.allSatisfy({ $0.allSatisfy { $0.isLowercase } }) {
            self = .words(names.map(String.init))
        } else {
            self = .nothing
        }
    }

    /// A pipeline of the shell that prints the topics' slugs, and nothing if articled does not answer.
    static let topicsCommand =
        #"articlectl topics --json --timeout 2 2>/dev/null | grep -o '"slug":"[^"]*"' | cut -d '"' -f 4"#
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

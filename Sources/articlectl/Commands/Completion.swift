// SPDX-License-Identifier: Apache-2.0
/// Prints a shell's completion script, and what the scripts ask the service for.
struct Completion: Command {
    static let description = CommandDescription(
        "completion", "print the completion script for a shell", operands: "bash|zsh|fish", count: 1...1,
        discussion: [
            "The Debian package installs these scripts. They complete topics and sources, too: `completion topics` and `completion sources` "
                + "print those of the service, one a line."
        ],
        examples: [
            .init("articlectl completion bash >~/.local/share/bash-completion/completions/articlectl", "for bash"),
            .init("articlectl completion fish >~/.config/fish/completions/articlectl.fish", "for fish"),
        ])

    private enum Output {
        case script(String)
        case topics
        case sources
    }

    private let printed: Output

    init(_ arguments: Arguments) throws {
        let commands = Articlectl.commands.map { $0.description }
        switch arguments.operands[0] {
        case "bash": printed = .script(BashCompletion.script(commands))
        case "zsh": printed = .script(ZshCompletion.script(commands))
        case "fish": printed = .script(FishCompletion.script(commands))
        case "topics": printed = .topics
        case "sources": printed = .sources
        case let other: throw CommandFailure.usage("\(other): completion exists for bash, zsh and fish")
        }
    }

    func run(_ session: Session) async throws -> ExitCode {
        let names: Set<String>
        switch printed {
        case .script(let script):
            try session.output.write(script)
            return .success
        case .topics: names = await ListFilter.known(session.client).topics
        case .sources: names = await ListFilter.known(session.client).sources
        }
        // A line is one name, and a shell's.
        for name in names.sorted() where !name.isEmpty && Sanitised.text(name) == name {
            try session.output.line(name)
        }
        return .success
    }
}

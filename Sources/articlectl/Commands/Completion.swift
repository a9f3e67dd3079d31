// SPDX-License-Identifier: Apache-2.0
/// Prints a shell's completion script.
struct Completion: Command {
    static let description = CommandDescription(
        "completion", "print the completion script for a shell", operands: "bash|zsh|fish", count: 1...1,
        discussion: ["The Debian package installs these scripts."],
        examples: [
            .init("articlectl completion bash >~/.local/share/bash-completion/completions/articlectl", "for bash"),
            .init("articlectl completion fish >~/.config/fish/completions/articlectl.fish", "for fish"),
        ])

    private let script: String

    init(_ arguments: Arguments) throws {
        let commands = Articlectl.commands.map { $0.description }
        switch arguments.operands[0] {
        case "bash": script = BashCompletion.script(commands)
        case "zsh": script = ZshCompletion.script(commands)
        case "fish": script = FishCompletion.script(commands)
        case let other: throw CommandFailure.usage("\(other): completion exists for bash, zsh and fish")
        }
    }

    func run(_ session: Session) async throws -> ExitCode {
        try session.output.write(script)
        return .success
    }
}

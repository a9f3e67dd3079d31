// SPDX-License-Identifier: Apache-2.0
import JSONTree

/// Explains the commands. It is not one of them: it asks no service, and works without one.
struct Help {
    static let description = CommandDescription(
        "help", "explain a command, or `exit-codes`", operands: "[COMMAND]", count: 0...1,
        discussion: [
            "Without a command it lists all of them. `exit-codes` explains the exit statuses, and `manual-page` prints "
                + "articlectl(1)."
        ],
        examples: [
            .init("articlectl help import", "all about importing"),
            .init("articlectl help exit-codes", "the exit statuses, for scripts"),
            .init("articlectl help --json", "all commands and their options, for programs"),
        ])

    private let topic: String?
    private let json: Bool

    init(_ arguments: Arguments) {
        self.init(arguments.flag("help") ? Self.description.name : arguments.operands.first, arguments)
    }

    /// - Parameter topic: a command, or one of the other topics; nil: the overview.
    init(_ topic: String?, _ arguments: Arguments) {
        self.topic = topic
        json = arguments.flag("json")
    }

    func show() throws(CommandFailure) -> ExitCode {
        let commands = Articlectl.commands
        let output = Output(isTerminal: true)
        let width = Terminal.current.width
        switch topic {
        case nil where json: for command in commands { try output.line(command.description.json.text) }
        case nil: try output.write(CommandHelp.overview(commands, width: width))
        case "manual-page": try output.write(ManualPage.text(commands.map { $0.description }))
        case "exit-codes" where json: for code in ExitCode.allCases { try output.line(code.json.text) }
        case "exit-codes": try output.write(CommandHelp.exitCodes(width: width))
        case let name?:
            let description = try name == "help" ? Self.description : Articlectl.find(name).description
            try json ? output.line(description.json.text) : output.write(CommandHelp.page(description, width: width))
        }
        return .success
    }
}

// SPDX-License-Identifier: Apache-2.0
/// What a command is called and takes: the parser and the help both go by it.
struct CommandDescription: Sendable {
    let name: String
    /// One line, for the overview.
    let summary: String
    /// What stands on the command line besides options: "FILE...".
    let operands: String
    /// How many operands there may be.
    let count: ClosedRange<Int>
    /// More about it: paragraphs.
    let discussion: [String]
    let options: [Option]
    let examples: [Example]

    struct Example: Sendable {
        let line: String
        let meaning: String

        init(_ line: String, _ meaning: String) {
            self.line = line
            self.meaning = meaning
        }
    }

    init(
        _ name: String, _ summary: String, operands: String = "", count: ClosedRange<Int> = 0...0,
        discussion: [String] = [], options: [Option] = [], examples: [Example]
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.count = count
        self.discussion = discussion
        self.options = options
        self.examples = examples
    }

    /// Its own options and those of all commands.
    var allOptions: [Option] { options + Option.common }
}

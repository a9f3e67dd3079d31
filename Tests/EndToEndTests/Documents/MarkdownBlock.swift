// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A fenced block of a Markdown document.
struct MarkdownBlock {
    /// The first word behind the fence, such as `console`.
    let language: String
    /// The second word: which other suite runs the block. Nil for a block that `ReadmeTests` runs.
    let mark: String?
    /// The line of the document where its text begins, counted from 1.
    let line: Int
    let lines: [String]
    /// The last code span in the paragraph above the block that looks like a file's name.
    let file: String?

    var text: String { lines.joined(separator: "\n") + "\n" }

    /// A command of a `console` block with the output that the document shows.
    struct Command {
        let line: Int
        let text: String
        let output: [String]
    }

    /// Lines that begin with `$ ` are commands, those behind them with `> ` continue them, all others are output.
    var commands: [Command] {
        var commands: [Command] = []
        var current: (line: Int, text: [String], output: [String])?
        func finish() {
            guard let current else { return }
            commands.append(
                Command(
                    line: current.line, text: current.text.joined(separator: "\n"), output: current.output))
        }
        for (offset, line) in lines.enumerated() {
            if line.hasPrefix("$ ") {
                finish()
                current = (self.line + offset, [String(line.dropFirst(2))], [])
            } else if line.hasPrefix("> "), current?.output.isEmpty == true {
                current?.text.append(String(line.dropFirst(2)))
            } else {
                current?.output.append(line)
            }
        }
        finish()
        return commands
    }

    /// The blocks of a document, but for those that are commented out.
    static func all(in document: String) -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var paragraph: [String] = []
        var open: (words: [Substring], line: Int, lines: [String])?
        var isComment = false
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (number, line) in zip(1..., lines) {
            if open == nil, isComment || line.hasPrefix("<!--") {
                isComment = !line.contains("-->")
            } else if let block = open {
                guard line.hasPrefix("```") else {
                    open?.lines.append(line)
                    continue
                }
                blocks.append(
                    MarkdownBlock(
                        language: block.words.first.map(String.init) ?? "",
                        mark: block.words.dropFirst().first.map(String.init), line: block.line, lines: block.lines,
                        file: paragraph.joined(separator: "\n").matches(of: /`([^`\s]+\.[a-z0-9]+)`/).last.map {
                            String($0.output.1)
                        }))
                open = nil
                paragraph = []
            } else if line.hasPrefix("```") {
                open = (line.dropFirst(3).split(separator: " "), number + 1, [])
            } else if line.isEmpty {
                // The paragraph above a block stays, across the blank line between them.
                continue
            } else {
                if number > 1, lines[number - 2].isEmpty { paragraph = [] }
                paragraph.append(line)
            }
        }
        return blocks
    }
}

// SPDX-License-Identifier: Apache-2.0
/// The words of a command line, before it is known which command they belong to.
enum CommandLineWords {
    /// Finds the command. Options of every command may stand before it, as `--socket PATH ping`.
    ///
    /// - Returns: the command's name, and all other words as if they stood behind it; nil if there is no command.
    static func split(_ words: [String]) throws(CommandFailure) -> (name: String, rest: [String])? {
        var place = 0
        while place < words.count, words[place].hasPrefix("-") {
            place += try takesValue(words[place]) ? 2 : 1
        }
        guard place < words.count else { return nil }
        return (words[place], Array(words[..<place] + words[(place + 1)...]))
    }

    /// Whether the next word is the option's value.
    private static func takesValue(_ word: String) throws(CommandFailure) -> Bool {
        if word == "--version" { return false }
        let parts = word.split(separator: "=", maxSplits: 1)
        let option = Option.common.first { option in
            parts.first.map { $0 == "--\(option.name)" || $0 == option.short.map { "-\($0)" } ?? "" } ?? false
        }
        guard let option else {
            throw .usage(
                "before the command only options of every command may stand, and \(word) is none",
                hint: "articlectl COMMAND \(word) ...; `articlectl help` shows the commands")
        }
        return option.value != nil && parts.count == 1
    }
}

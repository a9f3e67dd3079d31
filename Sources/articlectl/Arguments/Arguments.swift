// SPDX-License-Identifier: Apache-2.0
import Spelling

/// A command line, taken apart as the command's description says.
///
/// Options may stand before and behind operands, as `--limit 3`, `--limit=3`, `-n 3` or `-n3`; what follows `--` is an
/// operand whatever it looks like, and so is a lone `-`.
struct Arguments: Sendable {
    let command: CommandDescription
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    init(_ words: some Sequence<String>, for command: CommandDescription) throws(CommandFailure) {
        self.command = command
        var words = words.makeIterator()
        while let word = words.next() {
            if word == "--" {
                while let operand = words.next() { operands.append(operand) }
            } else if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let given = parts.count > 1 ? String(parts[1]) : nil
                try take(option(named: String(parts[0])), given) { words.next() }
            } else if word.hasPrefix("-"), word.count > 1 {
                try takeShort(word.dropFirst()) { words.next() }
            } else {
                operands.append(word)
            }
        }
        if !flag("help") { try checkCount() }
    }

    private func option(named name: String) throws(CommandFailure) -> Option {
        if let option = command.allOptions.first(where: { $0.name == name || $0.alias == name }) { return option }
        let meant = Suggestion.closest(to: name, among: command.allOptions.map(\.name))
        throw .usage(
            "articlectl \(command.name) has no option --\(name)",
            hint: meant.map { "did you mean --\($0)?" } ?? "`articlectl help \(command.name)` shows those it has")
    }

    private mutating func takeShort(_ letters: Substring, next: () -> String?) throws(CommandFailure) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = command.allOptions.first(where: { $0.short == letter }) else {
                throw .usage(
                    "articlectl \(command.name) has no option -\(letter)",
                    hint: "`articlectl help \(command.name)` shows those it has")
            }
            guard option.value != nil, !letters.isEmpty else {
                try take(option, nil, next: next)
                continue
            }
            return try take(option, String(letters), next: next)
        }
    }

    private mutating func take(_ option: Option, _ given: String?, next: () -> String?) throws(CommandFailure) {
        guard let meaning = option.value else {
            guard given == nil else { throw .usage("--\(option.name) takes no value") }
            values[option.name] = []
            return
        }
        guard let value = given ?? next() else { throw .usage("--\(option.name) needs a value: \(meaning)") }
        guard option.repeatable || values[option.name] == nil else {
            throw .usage("--\(option.name) is given twice")
        }
        values[option.name, default: []].append(value)
    }

    private func checkCount() throws(CommandFailure) {
        let hint = "`articlectl help \(command.name)` shows how it is used"
        if operands.count < command.count.lowerBound {
            throw .usage("articlectl \(command.name) needs \(command.operands)", hint: hint)
        }
        if operands.count > command.count.upperBound {
            throw .usage(
                "articlectl \(command.name): too many arguments from \"\(operands[command.count.upperBound])\" on",
                hint: hint)
        }
    }

    // MARK: What was given

    func flag(_ name: String) -> Bool { values[name] != nil }

    /// The value of an option that is given at most once.
    func value(_ name: String) -> String? { values[name]?.first.map(FileName.repaired) }

    /// The values of a repeatable option, in the order of the command line.
    func values(_ name: String) -> [String] { (values[name] ?? []).map(FileName.repaired) }

    /// A whole number within bounds.
    func number<Number: FixedWidthInteger & Sendable>(
        _ name: String, in range: ClosedRange<Number>
    ) throws(CommandFailure) -> Number? {
        guard let text = value(name) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound) on" : "from \(range.lowerBound) to \(range.upperBound)"
            throw .usage("--\(name) \(text): a whole number \(bounds) is expected")
        }
        return number
    }
}

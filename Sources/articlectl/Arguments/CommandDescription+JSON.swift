// SPDX-License-Identifier: Apache-2.0
import JSONTree

extension CommandDescription {
    /// What `help --json` tells of a command.
    var json: JSON {
        let examples = examples.map { example in
            JSON.object([("line", .string(example.line)), ("meaning", .string(example.meaning))])
        }
        return .object([
            ("name", .string(name)), ("summary", .string(summary)), ("operands", .string(operands)),
            ("discussion", .array(discussion.map { .string($0) })), ("options", .array(allOptions.map(\.json))),
            ("examples", .array(examples)),
        ])
    }
}

extension Option {
    fileprivate var json: JSON {
        var members: [(String, JSON)] = [("name", .string(name))]
        if let short { members.append(("short", .string(String(short)))) }
        if let value { members.append(("value", .string(value))) }
        return .object(members + [("summary", .string(summary)), ("repeatable", .bool(repeatable))])
    }
}

extension ExitCode {
    /// What `help exit-codes --json` tells of a code.
    var json: JSON {
        .object([("exit", .integer(rawValue)), ("code", .string(name)), ("meaning", .string(meaning))])
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The way from a document to a value in it: `limits.frame`, `listen[0]`, `names["a b"]`; empty for the whole.
package struct JSONPath: Sendable, Hashable, CustomStringConvertible {
    package enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
    }

    package private(set) var steps: [Step]

    package init(_ steps: [Step] = []) { self.steps = steps }

    package func member(_ name: String) -> JSONPath { JSONPath(steps + [.member(name)]) }
    package func element(_ index: Int) -> JSONPath { JSONPath(steps + [.element(index)]) }
    package static func + (path: JSONPath, rest: JSONPath) -> JSONPath { JSONPath(path.steps + rest.steps) }

    package var isEmpty: Bool { steps.isEmpty }

    /// The path of what is around; nil for the whole.
    package var parent: JSONPath? { isEmpty ? nil : JSONPath(Array(steps.dropLast())) }

    /// Whether it leads to the other value or to something around it.
    package func isPrefix(of other: JSONPath) -> Bool { other.steps.starts(with: steps) }

    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .element(let index): text += "[\(index)]"
            case .member(let name) where name.isEmpty || !name.unicodeScalars.allSatisfy(Self.isPlain):
                text += "[\(JSON.string(name).text)]"
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            }
        }
        return text
    }

    /// Reads a path at the begin of a line that goes on with ": ", such as "workers: at least 1 is needed".
    ///
    /// - Returns: nil if the line does not begin so.
    package static func leading(_ line: some StringProtocol) -> (path: JSONPath, rest: String)? {
        var path = JSONPath()
        var rest = Substring(line)
        while true {
            if !path.isEmpty, rest.hasPrefix(": ") { return (path, String(rest.dropFirst(2))) }
            if rest.hasPrefix("[") {
                guard let (step, after) = bracketed(rest.dropFirst()) else { return nil }
                path.steps.append(step)
                rest = after
            } else {
                if !path.isEmpty {
                    guard rest.hasPrefix(".") else { return nil }
                    rest = rest.dropFirst()
                }
                let name = rest.unicodeScalars.prefix(while: isPlain)
                guard !name.isEmpty else { return nil }
                path.steps.append(.member(String(name)))
                rest = rest[name.endIndex...]
            }
        }
    }

    /// A path that is written out; what is no path is one name.
    package init(_ text: String) {
        self = text.isEmpty ? JSONPath() : Self.leading(text + ": ")?.path ?? JSONPath([.member(text)])
    }

    /// Behind an opening bracket: a number or a string, and the closing bracket.
    private static func bracketed(_ text: Substring) -> (Step, after: Substring)? {
        if text.hasPrefix("\"") {
            var parser = JSONParser(Array(text.utf8))
            guard case .string(let name)? = try? parser.next() else { return nil }
            let after = text.utf8.dropFirst(parser.offset)
            return after.first == UInt8(ascii: "]") ? (.member(name), Substring(after.dropFirst())) : nil
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let index = Int(digits), text[digits.endIndex...].hasPrefix("]") else { return nil }
        return (.element(index), text[digits.endIndex...].dropFirst())
    }

    /// Whether a name with this character needs no quotes in a path.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ".", "[", "]", ":", "\"", "\\": false
        default: !scalar.properties.isWhitespace && !JSON.isUnsafe(scalar)
        }
    }
}

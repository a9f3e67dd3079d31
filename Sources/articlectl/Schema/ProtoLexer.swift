// SPDX-License-Identifier: Apache-2.0

/// Why a `.proto` file cannot be used, and where.
struct ProtoError: Error, Equatable, CustomStringConvertible {
    /// From 1.
    let line: Int
    let message: String

    var description: String { "line \(line): \(message)" }
}

/// The words of a `.proto` file (protobuf.dev, "Protocol Buffers Version 3 Language Specification").
struct ProtoLexer {
    enum Token: Equatable {
        /// "message", "articled.v1.Topic", ".words.Count"
        case name(String)
        case number(String)
        case string(String)
        case symbol(Character)
        case end
    }

    private let text: [Unicode.Scalar]
    private var place = 0
    private(set) var line = 1

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    mutating func next() throws(ProtoError) -> Token {
        try skipSpace()
        guard let first = peek() else { return .end }
        if Self.isLetter(first) || first == "." && peek(1).map(Self.isLetter) == true {
            return .name(take { Self.isLetter($0) || Self.isDigit($0) || $0 == "." })
        }
        if Self.isDigit(first) { return .number(take { Self.isLetter($0) || Self.isDigit($0) || $0 == "." }) }
        if first == "\"" || first == "'" { return .string(try string(first)) }
        place += 1
        return .symbol(Character(first))
    }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        place + ahead < text.count ? text[place + ahead] : nil
    }

    private mutating func take(while matches: (Unicode.Scalar) -> Bool) -> String {
        var word = String.UnicodeScalarView()
        while let scalar = peek(), matches(scalar) {
            word.append(scalar)
            place += 1
        }
        return String(word)
    }

    private mutating func skipSpace() throws(ProtoError) {
        while let scalar = peek() {
            if scalar == "/", peek(1) == "/" {
                while let scalar = peek(), scalar != "\n" {
                    _ = scalar
                    place += 1
                }
            } else if scalar == "/", peek(1) == "*" {
                place += 2
                while !(peek() == "*" && peek(1) == "/") {
                    guard let scalar = peek() else { throw ProtoError(line: line, message: "a comment has no end") }
                    if scalar == "\n" { line += 1 }
                    place += 1
                }
                place += 2
            } else if scalar.properties.isWhitespace || scalar == "\u{feff}" {
                if scalar == "\n" { line += 1 }
                place += 1
            } else {
                return
            }
        }
    }

    /// Escapes are kept as they are: no string that is used here has any.
    private mutating func string(_ quote: Unicode.Scalar) throws(ProtoError) -> String {
        place += 1
        var content = String.UnicodeScalarView()
        while let scalar = peek(), scalar != quote, scalar != "\n" {
            content.append(scalar)
            place += 1
            if scalar == "\\", let next = peek() {
                content.append(next)
                place += 1
            }
        }
        guard peek() == quote else { throw ProtoError(line: line, message: "a string has no end") }
        place += 1
        return String(content)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}

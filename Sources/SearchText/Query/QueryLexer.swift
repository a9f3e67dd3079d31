// SPDX-License-Identifier: Apache-2.0
/// Splits a query into words and operators.
struct QueryLexer {
    enum Token: Equatable {
        case word(String)
        /// What stood in quotation marks.
        case phrase(String)
        /// The name of a field, before its value.
        case field(String)
        case open
        case close
        case and
        case or
        case not
    }

    /// The names of fields, and what they are called here.
    private static let fields = [
        "title": "title", "author": "author", "source": "source", "topic": "topic", "language": "language",
        "lang": "language", "after": "after", "from": "after", "since": "after", "before": "before", "until": "before",
    ]
    /// Tokens beyond this many are left out.
    private static let maxTokens = 1024

    /// Whether a quotation mark had no closing one.
    private(set) var hasOpenQuote = false
    private var tokens: [Token] = []
    private var index = 0

    init(_ text: String) {
        let characters = Array(text)
        var position = 0
        while position < characters.count, tokens.count < Self.maxTokens {
            position = Self.take(characters, position, &tokens, &hasOpenQuote)
        }
    }

    func peek() -> Token? { index < tokens.count ? tokens[index] : nil }

    mutating func next() -> Token? {
        guard let token = peek() else { return nil }
        index += 1
        return token
    }

    private static func take(
        _ text: [Character], _ start: Int, _ tokens: inout [Token], _ hasOpenQuote: inout Bool
    ) -> Int {
        let character = text[start]
        if character.isWhitespace { return start + 1 }
        if character == "(" || character == "（" {
            tokens.append(.open)
            return start + 1
        }
        if character == ")" || character == "）" {
            tokens.append(.close)
            return start + 1
        }
        if isQuote(character) {
            guard let end = text[(start + 1)...].firstIndex(where: isQuote) else {
                hasOpenQuote = true
                return start + 1
            }
            tokens.append(.phrase(String(text[start + 1..<end])))
            return end + 1
        }
        let isFirst = start == 0 || text[start - 1].isWhitespace || text[start - 1] == "("
        if isFirst, "-–−".contains(character), start + 1 < text.count, !text[start + 1].isWhitespace,
            !"-–−".contains(text[start + 1])
        {
            tokens.append(.not)
            return start + 1
        }
        var end = start
        while end < text.count, !text[end].isWhitespace, !isQuote(text[end]), !"()（）".contains(text[end]) {
            if text[end] == ":" || text[end] == "：", end + 1 < text.count, !text[end + 1].isWhitespace,
                let field = fields[String(text[start..<end]).lowercased()]
            {
                tokens.append(.field(field))
                return end + 1
            }
            end += 1
        }
        append(String(text[start..<end]), &tokens)
        return end
    }

    private static func append(_ word: String, _ tokens: inout [Token]) {
        switch word {
        case "AND", "&&": tokens.append(.and)
        case "OR", "||": tokens.append(.or)
        case "NOT": tokens.append(.not)
        default: tokens.append(.word(word))
        }
    }

    private static func isQuote(_ character: Character) -> Bool { "\"“”„‟«»″＂".contains(character) }
}

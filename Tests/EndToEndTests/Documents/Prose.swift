// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The sentences and the headings of a Markdown document.
enum Prose {
    /// Sentences in order: of paragraphs, list items, table cells and headings, without fenced blocks and the targets of
    /// links. What stands between backticks is one word: its blanks become no-break spaces.
    static func sentences(of document: String) -> [String] {
        paragraphs(of: document).flatMap(split)
    }

    /// The names by which GitHub links to a document's headings.
    static func anchors(of document: String) -> Set<String> {
        Set(
            prose(document).filter { $0.hasPrefix("#") }.map { heading in
                String(
                    heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased().replacing(" ", with: "-")
                        .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
            })
    }

    /// Lines outside of fenced blocks.
    private static func prose(_ document: String) -> [String] {
        var isFenced = false
        return document.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
            if line.hasPrefix("```") {
                isFenced.toggle()
                return ""
            }
            return isFenced ? nil : String(line)
        }
    }

    private static func paragraphs(of document: String) -> [String] {
        var paragraphs: [String] = [""]
        for line in prose(document.replacing(/<!--.*?-->/.dotMatchesNewlines(), with: "")) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("|") {
                paragraphs += text.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } + [""]
            } else if text.isEmpty {
                paragraphs.append("")
            } else if let start = text.firstMatch(of: #/^([-*]|\d+\.|#+) /#) {
                paragraphs.append(String(text[start.range.upperBound...]))
                if text.hasPrefix("#") { paragraphs.append("") }
            } else {
                paragraphs[paragraphs.count - 1] += (paragraphs.last?.isEmpty == true ? "" : " ") + text
            }
        }
        return paragraphs.map { $0.replacing(/!?\[([^\]]*)\]\([^)]*\)/, with: { $0.output.1 }) }
            .filter { $0.contains(/[\p{L}]/) }
    }

    /// A sentence ends with a stop outside of a code span, before a blank or at the end.
    private static func split(_ paragraph: String) -> [String] {
        var sentences: [String] = []
        var sentence = ""
        var isCode = false
        for character in paragraph {
            if character == "`" { isCode.toggle() }
            let last = sentence.last { !"*_)\"".contains($0) } ?? " "
            if character == " ", !isCode, ".!?".contains(last) {
                sentences.append(sentence)
                sentence = ""
            } else {
                sentence.append(character == " " && isCode ? "\u{a0}" : character)
            }
        }
        if !sentence.isEmpty { sentences.append(sentence) }
        return sentences
    }
}

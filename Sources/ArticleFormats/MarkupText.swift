// SPDX-License-Identifier: Apache-2.0

/// Makes plain text of markup: paragraphs are separated by an empty line, and blanks are as a browser shows them.
struct MarkupText {
    private var text = ""
    /// How many line feeds come before the next word, and whether a blank does.
    private var breaks = 0
    private var hasBlank = false

    /// The text of an element.
    ///
    /// - Parameter isLeftOut: whether an element is passed over, besides those that hold no text for people.
    static func of(_ node: MarkupNode, leavingOut isLeftOut: (MarkupNode) -> Bool = { _ in false }) -> String {
        var builder = MarkupText()
        var preformatted = 0
        node.walk(
            enter: { node in
                if let text = node.ownText {
                    builder.append(text, asItIs: preformatted > 0)
                    return false
                }
                let name = node.name
                guard !hidden.contains(name), !isLeftOut(node) else { return false }
                if name == "br" { builder.breakLine() }
                if name == "pre" { preformatted += 1 }
                builder.begin(name)
                return true
            },
            leave: { node in
                if node.name == "pre" { preformatted -= 1 }
                builder.begin(node.name)
            })
        return builder.text
    }

    /// The text of a piece of HTML, as feeds and JSON-LD have them.
    static func of(html: String) -> String {
        guard html.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return html }
        // Text with entities alone keeps its lines.
        let source = html.utf8.contains(UInt8(ascii: "<")) ? html : "<pre>\(html)</pre>"
        return HTMLDocument(Array(source.utf8), encoding: "UTF-8")?.withRoot { of($0) } ?? ""
    }

    /// Elements whose content is not read by people, or is not a part of the text.
    static let hidden: Set<String> = [
        "script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "embed", "canvas",
        "audio", "video", "button", "select", "textarea", "input", "datalist", "map",
    ]
    /// Elements that are paragraphs, or hold some.
    static let blocks: Set<String> = [
        "p", "div", "section", "article", "main", "aside", "header", "footer", "nav", "h1", "h2", "h3", "h4", "h5",
        "h6", "blockquote", "pre", "ul", "ol", "dl", "table", "figure", "figcaption", "address", "form", "fieldset",
        "hr", "body", "center", "details", "summary",
    ]
    private static let lines: Set<String> = ["li", "tr", "dt", "dd", "caption", "thead", "tbody", "tfoot"]

    private mutating func begin(_ name: String) {
        if Self.blocks.contains(name) {
            breaks = max(breaks, 2)
        } else if Self.lines.contains(name) {
            breaks = max(breaks, 1)
        } else if name == "td" || name == "th" {
            hasBlank = true
        }
    }

    /// Two of them, one behind the other, end a paragraph.
    private mutating func breakLine() { breaks = min(2, breaks + 1) }

    private mutating func append(_ piece: String, asItIs: Bool) {
        for scalar in piece.unicodeScalars {
            switch scalar {
            case "\n" where asItIs: breaks = min(2, breaks + 1)
            case " ", "\t", "\n", "\r", "\u{c}", "\u{a0}": hasBlank = true
            default:
                if !text.isEmpty {
                    if breaks > 0 {
                        text += breaks > 1 ? "\n\n" : "\n"
                    } else if hasBlank {
                        text += " "
                    }
                }
                (breaks, hasBlank) = (0, false)
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

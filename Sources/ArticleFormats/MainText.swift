// SPDX-License-Identifier: Apache-2.0

/// Finds the text of the article in a page: the smallest element with most of the page's paragraphs. Paragraphs are blocks of
/// running text with few links; menus, lists of other articles, comments and the like are left out.
struct MainText {
    /// The text of the article, without its title; "" if there is none that is surely no navigation.
    static func of(_ root: MarkupNode, title: String) -> String {
        var finder = MainText()
        let total = finder.measure(root)
        let place = total.prose > 0 ? finder.find(in: root, total.prose) : root
        let text = MarkupText.of(place) { node in
            node != place && finder.isLeftOut(node, within: total.prose)
        }
        if total.prose == 0, total.links * 2 > total.text { return "" }
        return withoutTitle(text, title)
    }

    /// What is in an element, in bytes of text.
    private struct Measure {
        var text = 0
        var links = 0
        /// Of the blocks that are running text.
        var prose = 0
    }

    private var measures: [MarkupNode: Measure] = [:]

    /// Measures all elements, from the innermost on.
    private mutating func measure(_ root: MarkupNode) -> Measure {
        var stack: [Measure] = []
        /// Whether there are blocks in the block.
        var hasBlocks: [Bool] = []
        var leftOut = 0
        var links = 0
        var measures: [MarkupNode: Measure] = [:]
        root.walk(
            enter: { node in
                if let text = node.ownText {
                    let size = text.utf8.count { $0 > 0x20 }
                    guard let last = stack.indices.last else { return false }
                    stack[last].text += size
                    if links > 0 { stack[last].links += size }
                    return false
                }
                let name = node.name
                guard !MarkupText.hidden.contains(name) else { return false }
                if name == "a" { links += 1 }
                if Self.isAside(node) { leftOut += 1 }
                stack.append(Measure())
                hasBlocks.append(false)
                return true
            },
            leave: { node in
                guard var own = stack.popLast(), let hadBlocks = hasBlocks.popLast() else { return }
                if node.name == "a" { links -= 1 }
                let isBlock = MarkupText.blocks.contains(node.name) || node.name == "li" || node.name == "td"
                if isBlock, !hadBlocks, leftOut == 0, own.text >= Self.leastProse, own.links * 3 < own.text {
                    own.prose = own.text - own.links
                }
                if Self.isAside(node) { leftOut -= 1 }
                measures[node] = own
                guard let last = stack.indices.last else { return }
                stack[last].text += own.text
                stack[last].links += own.links
                stack[last].prose += own.prose
                if isBlock || hadBlocks { hasBlocks[last] = true }
            })
        self.measures = measures
        return measures[root] ?? Measure()
    }

    /// A shorter block is a caption, a date, a button.
    private static let leastProse = 40

    /// The smallest element with most of the text that runs.
    private func find(in root: MarkupNode, _ total: Int) -> MarkupNode {
        var place = root
        while true {
            let best = place.elements.max { prose(of: $0) < prose(of: $1) }
            guard let best, prose(of: best) * 10 >= total * 7 else { return place }
            // A paragraph itself is too small: its neighbours belong to the article.
            guard best.elements.contains(where: { MarkupText.blocks.contains($0.name) }) else { return place }
            place = best
        }
    }

    private func prose(of node: MarkupNode) -> Int { measures[node]?.prose ?? 0 }

    private func isLeftOut(_ node: MarkupNode, within total: Int) -> Bool {
        guard node.isElement, let own = measures[node] else { return false }
        // A name may mislead: what has the text is the article.
        if total > 0, own.prose * 2 > total { return false }
        if Self.isAside(node) { return true }
        let isList = ["ul", "ol", "div", "section", "table", "dl", "p"].contains(node.name)
        return isList && own.text > 0 && own.links * 2 > own.text
    }

    /// Whether an element is beside the article, by its name, or by what its author calls it.
    private static func isAside(_ node: MarkupNode) -> Bool {
        switch node.name {
        case "nav", "aside", "footer", "form", "menu", "dialog": return true
        case "html", "body", "main", "article": return false
        default: break
        }
        if let role = node.attribute("role"),
            ["navigation", "complementary", "contentinfo", "search", "banner"].contains(role)
        {
            return true
        }
        if node.attribute("hidden") != nil || node.attribute("aria-hidden") == "true" { return true }
        let called = [node.attribute("class"), node.attribute("id")].compactMap { $0?.lowercased() }.joined(
            separator: " ")
        guard !called.isEmpty else { return false }
        if names.contains(where: { called.contains($0) }) { return true }
        return called.split { !$0.isLetter && !$0.isNumber }.contains { words.contains(String($0)) }
    }

    private static let words: Set<String> = [
        "nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "footer", "sidebar", "comment", "comments",
        "related", "share", "sharing", "social", "ad", "ads", "advert", "advertisement", "banner", "cookie", "cookies",
        "popup", "modal", "newsletter", "subscribe", "pagination", "pager", "tags", "toolbar", "promo", "sponsor",
    ]
    /// Those of Vietnamese papers.
    private static let names = [
        "lienquan", "lien-quan", "lien_quan", "binhluan", "binh-luan", "binh_luan", "quangcao", "quang-cao",
        "quang_cao",
        "xemthem", "xem-them", "docthem", "doc-them", "tinmoi", "tin-moi", "tinkhac", "tin-khac",
    ]

    private static func withoutTitle(_ text: String, _ title: String) -> String {
        guard !title.isEmpty, text.hasPrefix(title) else { return text }
        let rest = text.dropFirst(title.count)
        return rest.first.map { $0.isNewline } ?? true ? String(rest).trimmed : text
    }
}

internal import ArticleProtocol
internal import HandlerKit

/// What was found wrong: how much in all, and the first of it.
struct Findings {
    private static let mostKept = 100
    /// In the journal.
    static let mostLogged = 20

    private(set) var count: UInt64 = 0
    private(set) var first: [StorageFinding] = []

    /// "1 finding", "2 findings"
    static func text(_ count: UInt64) -> String { count == 1 ? "1 finding" : "\(count) findings" }

    mutating func add(_ finding: StorageFinding) {
        count += 1
        if first.count < Self.mostKept { first.append(finding) }
    }

    /// Names them in the journal, as far as a person reads.
    func tell(_ log: PluginLog) {
        for finding in first.prefix(Self.mostLogged) { log.error(finding.text) }
        if count > Self.mostLogged { log.error("and \(Self.text(count - UInt64(Self.mostLogged))) more") }
    }
}

extension StorageFinding {
    /// One line for people.
    var text: String {
        let place = file.isEmpty ? "" : offset > 0 ? " (\(file) at \(offset))" : " (\(file))"
        return (id.map { "the article \($0): " } ?? "") + problem + place
    }
}

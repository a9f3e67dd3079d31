// SPDX-License-Identifier: Apache-2.0
/// What a person wants to find: the result of parsing what was typed.
public struct SearchQuery: Sendable, Equatable {
    /// The most words that a query may have. Further ones are left out, and a note tells so.
    public static let maxWords = 64

    /// What an article must match; nil: all articles match.
    public var root: Node?
    /// What could not be taken as it was typed, and what was done instead: a sentence each, for people.
    public var notes: [String]

    /// Creates a query.
    public init(root: Node? = nil, notes: [String] = []) {
        self.root = root
        self.notes = notes
    }

    /// A condition.
    public indirect enum Node: Sendable, Equatable {
        /// The article contains these words.
        case text(Text)
        /// The article has this source, topic or language.
        case value(Field, String)
        /// The article's time, in milliseconds since 1970-01-01T00:00:00Z: `from` is inclusive, `until` exclusive.
        case time(from: Int64?, until: Int64?)
        /// All of them match. If it is implicit, words were typed one after another: the best articles may lack some.
        case all([Node], isImplicit: Bool)
        /// At least one of them matches.
        case any([Node])
        /// It does not match.
        case not(Node)
    }

    /// Words that follow one another in the article.
    public struct Text: Sendable, Equatable {
        /// The words; never empty.
        public var words: [Word]
        /// Where they are looked for.
        public var place: Place
        /// The last word may go on.
        public var isPrefix: Bool
        /// The words were typed in quotation marks. Otherwise they are one word as typed: `COVID-19`.
        public var isQuoted: Bool

        /// Creates a condition.
        public init(_ words: [Word], in place: Place = .everywhere, isPrefix: Bool = false, isQuoted: Bool = false) {
            self.words = words
            self.place = place
            self.isPrefix = isPrefix
            self.isQuoted = isQuoted
        }
    }

    /// A word with its terms: see ``TokenList``.
    public struct Word: Sendable, Equatable, Hashable {
        /// The term with marks.
        public var exact: String
        /// The term without marks.
        public var folded: String
        /// Whether the word was typed with a mark. Articles that have it so are preferred.
        public var isMarked: Bool

        /// Creates a word.
        public init(exact: String, folded: String, isMarked: Bool) {
            self.exact = exact
            self.folded = folded
            self.isMarked = isMarked
        }
    }

    /// Where words are looked for.
    public enum Place: Sendable {
        /// Title, summary and body.
        case everywhere
        case title
        case author
    }

    /// A field that is compared as a whole.
    public enum Field: Sendable {
        /// The source's folded words, with blanks between them.
        case source
        /// The topic's slug.
        case topic
        /// The language's tag in lower case.
        case language
    }

    /// The texts that an article should contain, for highlighting. What is negated is left out.
    public var texts: [Text] { root?.texts ?? [] }

    /// Whether articles that lack some of the words may be returned: there are several words without operators.
    public var canBeRelaxed: Bool {
        guard case .all(let nodes, isImplicit: true) = root else { return false }
        return nodes.count(where: \.isWord) > 1
    }
}

extension SearchQuery.Node {
    /// Whether this is a word as typed, without quotation marks and field.
    public var isWord: Bool {
        if case .text(let text) = self { !text.isQuoted && text.place == .everywhere } else { false }
    }

    fileprivate var texts: [SearchQuery.Text] {
        switch self {
        case .text(let text): [text]
        case .all(let nodes, _), .any(let nodes): nodes.flatMap(\.texts)
        case .not, .value, .time: []
        }
    }
}

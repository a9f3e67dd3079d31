// SPDX-License-Identifier: Apache-2.0
internal import CLucene
internal import IndexFollowing
internal import SearchText

/// The fields of the index. Their numbers are those of the shim's table.
enum LuceneField: UInt32, CaseIterable {
    case id
    case titleExact
    case titleFolded
    /// Title, summary and body.
    case exact
    case folded
    case bigrams
    case author
    /// Byte for byte.
    case source
    case sourceWords
    case topic
    case language
    case month
    case time

    /// In the files.
    var name: StaticString {
        switch self {
        case .id: "id"
        case .titleExact: "te"
        case .titleFolded: "tf"
        case .exact: "e"
        case .folded: "f"
        case .bigrams: "b"
        case .author: "a"
        case .source: "s"
        case .sourceWords: "sw"
        case .topic: "t"
        case .language: "l"
        case .month: "m"
        case .time: "at"
        }
    }

    var kind: clucene_kind {
        switch self {
        case .id: CLUCENE_ID
        case .titleExact, .titleFolded, .exact, .folded, .author: CLUCENE_POSITIONS
        case .bigrams: CLUCENE_TERMS
        case .source, .sourceWords, .topic, .language, .month: CLUCENE_KEYWORDS
        case .time: CLUCENE_NUMBER
        }
    }

    init(_ facet: IndexFacet) {
        switch facet {
        case .topic: self = .topic
        case .source: self = .source
        case .month: self = .month
        }
    }
}

/// The terms of one document, in one block of memory. It is reused from document to document.
struct DocumentTerms {
    private struct Field {
        let field: LuceneField
        let bytes: Int
        let ends: Int
        var count = 0
        var gapBefore = 0
    }

    /// Two words that follow one another are a term of their own in the beginning of an article, which says what it is about.
    /// Bigrams of whole articles would take more than half of the time, and a third of the space.
    static let bigramWords = 64

    private var tokens = TokenList()
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var fields: [Field] = []

    mutating func set(_ document: IndexDocument) {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        tokens.removeAll()
        read(document.title)
        let titleCount = tokens.count
        add(.titleExact, titleCount, 0)
        add(.titleFolded, titleCount, 0)
        read(document.summary)
        read(document.body)
        add(.exact, tokens.count, titleCount)
        add(.folded, tokens.count, titleCount)
        addBigrams()
        tokens.removeAll()
        read(document.author)
        add(.folded, as: .author, tokens.count, 0)
        add(.source, document.source)
        add(.sourceWords, FoldedValue.source(document.source))
        for topic in document.topics { add(.topic, topic) }
        add(.language, FoldedValue.language(document.language))
        add(.month, FoldedValue.month(document.time))
    }

    /// Appends the words of a text, as far as there is room.
    private mutating func read(_ text: String) {
        let room = IndexDocument.maxTextBytes - tokens.foldedBytes.count
        guard room > 0 else { return }
        if text.utf8.count <= room {
            Tokenizer.read(text, into: &tokens)
        } else {
            Tokenizer.read(String(decoding: text.utf8.prefix(room), as: UTF8.self), into: &tokens)
        }
    }

    private mutating func add(_ field: LuceneField, _ count: Int, _ gapBefore: Int) {
        add(field == .exact || field == .titleExact ? .exact : .folded, as: field, count, gapBefore)
    }

    /// Adds the exact or folded terms of the first words.
    private mutating func add(_ form: LuceneField, as field: LuceneField, _ count: Int, _ gapBefore: Int) {
        guard count > 0 else { return }
        begin(field)
        let isExact = form == .exact
        let start = isExact ? tokens.exactBytes : tokens.foldedBytes
        for token in tokens.tokens[..<count] {
            bytes.append(contentsOf: start[isExact ? token.exact : token.folded])
            end()
        }
        fields[fields.count - 1].gapBefore = gapBefore < count ? gapBefore : 0
    }

    private mutating func addBigrams() {
        guard tokens.count > 1 else { return }
        begin(.bigrams)
        for index in 1..<min(tokens.count, Self.bigramWords) where !tokens.tokens[index].followsBorder {
            bytes.append(contentsOf: tokens.foldedBytes[tokens.tokens[index - 1].folded])
            bytes.append(0x20)
            bytes.append(contentsOf: tokens.foldedBytes[tokens.tokens[index].folded])
            end()
        }
    }

    /// Adds a value that is compared as a whole.
    private mutating func add(_ field: LuceneField, _ value: String) {
        guard !value.isEmpty else { return }
        if fields.last?.field != field { begin(field) }
        bytes.append(contentsOf: value.utf8)
        end()
    }

    private mutating func begin(_ field: LuceneField) {
        fields.append(Field(field: field, bytes: bytes.count, ends: ends.count))
    }

    private mutating func end() {
        let start = fields[fields.count - 1].bytes
        ends.append(UInt32(clamping: bytes.count - start))
        fields[fields.count - 1].count += 1
    }

    /// Lends the terms of all fields to `body`.
    func withTerms<Result>(_ body: (UnsafeBufferPointer<clucene_terms>) -> Result) -> Result {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe ends.withUnsafeBufferPointer { ends in
                // The places are within the arrays: they were taken from their counts.
                let terms = unsafe fields.filter { $0.count > 0 }.map { field in
                    unsafe clucene_terms(
                        field: field.field.rawValue, bytes: bytes.baseAddress.map { unsafe $0 + field.bytes },
                        ends: ends.baseAddress.map { unsafe $0 + field.ends }, count: field.count,
                        gap_before: field.gapBefore)
                }
                return unsafe terms.withUnsafeBufferPointer { unsafe body($0) }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
/// The words of a text, in order, each with its place and its two terms.
///
/// The *exact* term is the word in lower case with its marks. Its tones are signs at the end, so that NFC and NFD, `hoà` and
/// `hòa` are one: `hoa` and a grave sign. The *folded* term is the word without marks, in ASCII if it is Latin: `duong` for
/// both `đường` and `dương`.
///
/// Terms lie one after another in two blocks of memory, as the index takes them. The memory is reused from text to text.
public struct TokenList: Sendable {
    /// One word.
    public struct Token: Sendable, Equatable {
        /// Where it stands in the text's UTF-8.
        public var range: Range<Int>
        /// Its exact term, in ``TokenList/exactBytes``.
        public var exact: Range<Int>
        /// Its folded term, in ``TokenList/foldedBytes``.
        public var folded: Range<Int>
        /// Whether it bears a mark or a tone.
        public var isMarked: Bool
        /// Whether a sentence or clause ended before it.
        public var followsBorder: Bool
    }

    /// The words.
    public internal(set) var tokens: [Token] = []
    /// All exact terms, in UTF-8.
    public internal(set) var exactBytes: [UInt8] = []
    /// All folded terms, in UTF-8.
    public internal(set) var foldedBytes: [UInt8] = []

    /// Creates an empty list.
    public init() {}

    /// Splits a text into words.
    public init(_ text: String) {
        self.init()
        Tokenizer.read(text, into: &self)
    }

    /// The number of words.
    public var count: Int { tokens.count }

    /// Forgets all words, and keeps the memory.
    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        exactBytes.removeAll(keepingCapacity: true)
        foldedBytes.removeAll(keepingCapacity: true)
    }

    /// The exact term of the word at `index`.
    public func exact(_ index: Int) -> String { String(decoding: exactBytes[tokens[index].exact], as: UTF8.self) }

    /// The folded term of the word at `index`.
    public func folded(_ index: Int) -> String { String(decoding: foldedBytes[tokens[index].folded], as: UTF8.self) }

    /// The folded terms of the words before and at `index`, with a blank between them; nil if they do not belong together.
    public func bigram(endingAt index: Int) -> String? {
        guard index > 0, !tokens[index].followsBorder else { return nil }
        return folded(index - 1) + " " + folded(index)
    }
}

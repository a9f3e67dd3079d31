// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

/// The parts of an article in a plain text file: headline, source, paragraphs, signature, and leftovers of a web page.
///
/// The body is one contiguous range of the file: `bytes[body]`. It begins with the first paragraph, including the
/// dateline, and ends with the last one. The bytes before and after it are kept, so nothing of the file is lost.
public struct PlainText: Sendable, Equatable {
    /// The headline, as written. The lines of a broken headline are joined with spaces.
    public private(set) var title = ""
    /// The source, from the dateline, or else from the credit at the end. In NFC, because sources are compared byte by
    /// byte.
    public private(set) var source = ""
    /// The author, from the signature, as written.
    public private(set) var author = ""
    /// The range of the body in the file's bytes; empty if the file is only a headline.
    public private(set) var body: Range<Int>
    /// The rating, from a rating line.
    public private(set) var rating: Rating?
    /// A rating line without a number of votes, as written: "Xếp hạng: 4/5 sao". Empty: none.
    public private(set) var ratingText = ""
    /// The time of publication, from a line with a time, read as Vietnamese time. Milliseconds since
    /// 1970-01-01T00:00:00Z; 0: none.
    public private(set) var publishedAt: Int64 = 0
    /// The language: "vi", "en", or empty if unknown.
    public private(set) var language = ""

    /// Reads a file.
    ///
    /// - Parameter bytes: the whole file.
    public init(_ bytes: [UInt8]) throws(PlainTextError) {
        try Self.check(bytes)
        let text = TextLines(bytes)
        var lines = text.lines[...]
        guard let first = lines.first else { throw .blank }
        body = first.content.upperBound..<first.content.upperBound

        takeFurnitureAtTop(&lines, text)
        takeFurnitureAtBottom(&lines, text)
        guard !lines.isEmpty else {  // if there is only furniture, it is the body
            body = first.content.lowerBound..<(text.lines.last ?? first).content.upperBound
            return
        }
        takeHeadline(&lines, text)
        if !title.isEmpty { takeFurnitureAtTop(&lines, text) }
        takeSignature(&lines, text)
        if let first = lines.first, let last = lines.last {
            body = first.content.lowerBound..<last.content.upperBound
        }
        takeSource(lines, text)
        // The beginning determines the language.
        let sample = text.bytes[body.isEmpty ? 0..<body.lowerBound : body].prefix(1 << 13)
        language = LanguageGuess.language(of: String(decoding: sample, as: UTF8.self))
    }

    private static func check(_ bytes: [UInt8]) throws(PlainTextError) {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) { throw .utf16 }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw .notUTF8(at: error.byteOffsets.lowerBound, line: line(of: error.byteOffsets.lowerBound, bytes))
        }
        if let nul = bytes.firstIndex(of: 0) { throw .nul(at: nul, line: line(of: nul, bytes)) }
    }

    private static func line(of offset: Int, _ bytes: [UInt8]) -> Int {
        1 + bytes[..<offset].count { $0 == 0x0a }
    }

    // MARK: From the outside in

    private mutating func takeFurnitureAtTop(_ lines: inout ArraySlice<TextLines.Line>, _ text: TextLines) {
        for _ in 0..<4 {
            guard lines.count > 1, let line = lines.first, line.content.count <= 300 else { return }
            let words = text.text(line)
            if let time = PublicationLine.time(in: words) {
                publishedAt = time
            } else if !Furniture.isBreadcrumb(words) && !(title.isEmpty == false && Furniture.isFurniture(words)) {
                return
            }
            lines.removeFirst()
        }
    }

    private mutating func takeFurnitureAtBottom(_ lines: inout ArraySlice<TextLines.Line>, _ text: TextLines) {
        dropOtherArticles(&lines, text)
        var figures: Rating?
        while let line = lines.last, line.content.count <= 500 {
            let words = text.text(line)
            if let found = RatingLine.rating(in: words) {
                rating = found
            } else if RatingLine.isAverage(words) {
                ratingText = words
            } else if let figures, RatingLine.isHeading(words) {
                rating = figures
            } else if let time = PublicationLine.time(in: words), lines.count > 2 {
                if publishedAt == 0 { publishedAt = time }
            } else if figures == nil, words.hasPrefix("("), let found = RatingLine.figures(words), lines.count > 1,
                RatingLine.isHeading(text.text(lines[lines.endIndex - 2]))
            {
                figures = found
            } else if !Furniture.isFurniture(words) && !Furniture.isTagList(words) {
                return
            }
            lines.removeLast()
        }
    }

    /// Removes "Các tin khác:" and the headlines after it.
    private func dropOtherArticles(_ lines: inout ArraySlice<TextLines.Line>, _ text: TextLines) {
        let heading = lines.suffix(40).dropFirst(2).firstIndex { line in
            line.content.count <= 120 && Furniture.beginsOtherArticles(text.text(line))
        }
        guard let heading else { return }
        let others = lines[(heading + 1)...]
        guard others.allSatisfy({ $0.content.count <= 600 && !text.text($0).hasSuffix(".") }) else { return }
        lines = lines[..<heading]
    }

    private mutating func takeHeadline(_ lines: inout ArraySlice<TextLines.Line>, _ text: TextLines) {
        let count = Headline.count(in: lines, of: text)
        guard count > 0 else { return }
        title = lines.prefix(count).map { text.text($0) }.joined(separator: " ")
        body =
            lines[lines.startIndex + count - 1].content
            .upperBound..<lines[lines.startIndex + count - 1].content.upperBound
        lines = lines.dropFirst(count)
    }

    /// Up to three lines at the end: a name, a credit, and who made the pictures.
    private mutating func takeSignature(_ lines: inout ArraySlice<TextLines.Line>, _ text: TextLines) {
        var found: [Signature] = []
        var rest = lines
        while found.count < 3, rest.count > 1, let line = rest.last, line.content.count <= 200 {
            let words = text.text(line)
            guard let signature = Signature(words) ?? (line.isSetApart ? Signature.office(words) : nil),
                !found.contains(where: { $0.isCredit == signature.isCredit && $0.isPhoto == signature.isPhoto })
            else { break }
            found.append(signature)
            rest.removeLast()
        }
        // A signature follows a paragraph, not a list of names or a heading.
        while !found.isEmpty, let last = rest.last, !isParagraph(last, text) {
            found.removeLast()
            rest = lines.prefix(lines.count - found.count)
        }
        // Who made the pictures is no author.
        if found.allSatisfy(\.isPhoto) { (found, rest) = ([], lines) }
        lines = rest
        author = found.first { !$0.author.isEmpty }?.author ?? ""
        if let credited = found.compactMap(\.source).first { source = NormalForm.nfc(credited) }
        if found.isEmpty, let last = lines.last { readInlineSignature(last, text) }
    }

    private func isParagraph(_ line: TextLines.Line, _ text: TextLines) -> Bool {
        if line.content.count > 160 { return true }
        guard let last = text.text(line).last else { return false }
        return ".!?…\"”»’)".contains(last)
    }

    /// Reads "... đã kết thúc./. PQH" or "... (Theo TTXVN)" at the end of the last paragraph. The text stays in the
    /// body.
    private mutating func readInlineSignature(_ line: TextLines.Line, _ text: TextLines) {
        let end = text.end(line, bytes: 300)
        if end.last == ")", let open = end.lastIndex(of: "("), open > end.startIndex {
            let inner = end[open...].dropFirst().folded
            guard ["theo ", "nguồn"].contains(where: inner.hasPrefix), let signature = Signature(String(end[open...])),
                signature.source != nil
            else { return }
            author = signature.author
            if let credited = signature.source { source = NormalForm.nfc(credited) }
        } else if let mark = end.ranges(of: "./.").last {
            guard let signature = Signature(String(end[mark.upperBound...])) else { return }
            author = signature.author
            if let credited = signature.source { source = NormalForm.nfc(credited) }
        }
    }

    /// Reads the dateline of the first paragraph, or of one of the next two after an introduction.
    private mutating func takeSource(_ lines: ArraySlice<TextLines.Line>, _ text: TextLines) {
        for line in lines.prefix(3) {
            guard let found = Dateline.source(in: text.beginning(line, bytes: 400)) else { continue }
            source = NormalForm.nfc(found)
            return
        }
    }
}

extension Article {
    /// Creates an article from a plain text file. `original.head`, the body's bytes and `original.tail` are the file,
    /// byte for byte.
    public init(plainText bytes: [UInt8]) throws(PlainTextError) {
        let text = try PlainText(bytes)
        self.init(
            source: text.source, title: text.title, body: String(decoding: bytes[text.body], as: UTF8.self),
            author: text.author, publishedAt: text.publishedAt, language: text.language,
            attributes: text.ratingText.isEmpty ? [:] : ["rating": text.ratingText], rating: text.rating,
            original: Original(
                head: Array(bytes[..<text.body.lowerBound]), tail: Array(bytes[text.body.upperBound...]),
                mediaType: "text/plain"))
    }

    /// The bytes of the file that the article was read from, or of its body if it was not read from a file.
    public var originalBytes: [UInt8] {
        guard let original else { return Array(body.utf8) }
        return original.head + Array(body.utf8) + original.tail
    }
}

/// Why a file cannot be read as plain text.
public struct PlainTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of problem.
    public enum Code: Sendable, Equatable {
        /// The file is not in UTF-8.
        case encoding
        /// The file is not text.
        case binary
        /// The file has nothing but white space.
        case empty
    }

    /// The kind of problem.
    public let code: Code
    /// The position of the problem in bytes, from 0; nil if it is the whole file.
    public let offset: Int?
    /// What is wrong, where, and what to do.
    public let message: String

    /// The message.
    public var description: String { message }

    init(_ code: Code, at offset: Int? = nil, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    /// - Parameter line: from 1.
    static func notUTF8(at offset: Int, line: Int) -> PlainTextError {
        PlainTextError(
            .encoding, at: offset,
            "byte \(offset + 1) (line \(line)) is not valid UTF-8: is the file in an older encoding? "
                + "`articlectl import` reads it if you say which, for example: --encoding windows-1258")
    }

    static var utf16: PlainTextError {
        PlainTextError(
            .encoding, at: 0, "the file is in UTF-16, not in UTF-8: say --encoding utf-16")
    }

    static func nul(at offset: Int, line: Int) -> PlainTextError {
        PlainTextError(
            .binary, at: offset,
            "byte \(offset + 1) (line \(line)) is zero: this is not a text file, or it is in UTF-16")
    }

    static var blank: PlainTextError { PlainTextError(.empty, "there is no text in it") }
}

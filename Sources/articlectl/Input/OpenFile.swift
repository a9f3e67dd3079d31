// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import ArticleProtocol
import ArticleText
import ArticleURL
import JSONTree

/// A file that is being read.
final class OpenFile {
    let input: InputFile
    let options: InputOptions
    private let namespace: String?
    var lines: LineReader
    var content: Content?
    let label: String

    /// Records of the last line that are still to be returned: it was an array, or had several values.
    private var waiting: ArraySlice<JSON> = []
    private var waitingOrigin: Origin?
    /// What is told with the next record.
    var notes: [RecordNote] = []
    /// The source of a feed failed.
    var inputFailure: CommandFailure?
    var tableHasEnded = false
    var hasToldColumns = false
    private var hasToldEncoding = false
    /// It is one article as plain text.
    private var isText = false

    /// What is left of the file, once its format is known.
    enum Content {
        case lines(first: [LineReader.Line])
        case moreLines
        case values([JSON], next: Int)
        case table(TableReader)
        case feed(Feed)
        case done
    }

    init(_ input: InputFile, _ source: consuming ByteSource, _ options: InputOptions) {
        self.input = input
        self.options = options
        namespace = options.namespace ?? input.namespace
        label = source.name
        lines = LineReader(source)
    }

    var bytesRead: Int { lines.bytesRead }

    func next() throws(CommandFailure) -> RecordReader.Record? {
        while true {
            if let value = waiting.popFirst(), let origin = waitingOrigin { return record(of: value, at: origin) }
            switch content {
            case nil:
                guard let record = try begin() else { continue }
                return record
            case .lines(let first):
                content = first.count > 1 ? .lines(first: Array(first.dropFirst())) : .moreLines
                if let line = first.first, let record = record(ofLine: line) { return record }
            case .moreLines:
                guard let line = try lines.next() else {
                    content = .done
                    return nil
                }
                if let record = record(ofLine: line) { return record }
            case .values(let values, let next):
                guard next < values.count else {
                    content = .done
                    return nil
                }
                content = .values(values, next: next + 1)
                return record(of: values[next], at: Origin(file: label, line: values.count > 1 ? next + 1 : nil))
            case .table(let table):
                guard let record = try next(of: table) else { continue }
                return record
            case .feed(let feed): return try next(of: feed)
            case .done: return nil
            }
        }
    }

    /// Reads all that is left: one article as text, or JSON in one piece.
    func whole(
        _ format: InputFormat, beginningWith first: LineReader.Line? = nil, before: [UInt8] = []
    ) throws(CommandFailure) -> RecordReader.Record? {
        let rest = try lines.rest(beginningWith: first, most: format.isOneArticle ? Limits.article : Self.mostJSON)
        let bytes = before + rest
        let content = bytes.starts(with: Self.mark) ? bytes.dropFirst(3) : bytes[...]
        guard content.contains(where: { $0 != 0x20 && !(0x09...0x0d).contains($0) }) else {
            return refused("there is nothing in it")
        }
        self.content = .done
        switch format {
        case .text: return text(bytes)
        case .html where options.format == nil && !Self.hasTags(bytes): return text(bytes)
        case .html: return page(bytes)
        default: return values(bytes)
        }
    }

    /// The file holds nothing that can be used.
    func refused(_ reason: String) -> RecordReader.Record {
        content = .done
        return record(at: Origin(file: label, line: nil), .failure(RecordError(reason)))
    }

    /// Bytes of JSON that are read in one piece.
    private static let mostJSON = 256 << 20
    /// U+FEFF
    static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    private func text(_ bytes: [UInt8]) -> RecordReader.Record {
        isText = true
        let origin = Origin(file: label, line: nil)
        if options.format == nil, let kind = ForeignKind(beginningWith: bytes) {
            return record(at: origin, .failure(RecordError(kind.message)))
        }
        do throws(PlainTextError) {
            var article = try Article(plainText: bytes)
            if let charset = lines.source.charset {
                article.original?.mediaType = charset.mediaType
            } else if lines.source.encoding != .utf8 {
                notes.append(irreversible)
            }
            return record(
                at: origin,
                .success(.init(article: article, externalID: input.place.map { FileName.shown($0.relative) })))
        } catch {
            return record(at: origin, .failure(RecordError(error.message)))
        }
    }

    private func values(_ bytes: [UInt8]) -> RecordReader.Record? {
        var values: [JSON] = []
        do throws(JSONError) {
            var parser = JSONParser(Self.withoutSeparators(bytes))
            while let value = try parser.next() { values += elements(of: value) }
            content = .values(values, next: 0)
            return nil
        } catch {
            content = .done
            return record(at: Origin(file: label, line: error.place.line), .failure(RecordError(Self.text(error))))
        }
    }

    /// nil for an empty line.
    private func record(ofLine line: LineReader.Line) -> RecordReader.Record? {
        let origin = Origin(file: label, line: line.number)
        guard !line.isTooLong else {
            let most = Quantity.bytes(lines.longest)
            return record(at: origin, .failure(RecordError("the line is too large: it has more than \(most)")))
        }
        var parser = JSONParser(line.bytes, from: Self.prefix(of: line.bytes))
        do throws(JSONError) {
            guard let value = try parser.next() else { return nil }
            guard try parser.next() == nil else {
                throw parser.error("unexpected text after the end of the value")
            }
            waiting = elements(of: value)[...]
            waitingOrigin = origin
            guard let first = waiting.popFirst() else { return nil }
            return record(of: first, at: origin)
        } catch {
            return record(at: origin, .failure(RecordError(Self.text(error))))
        }
    }

    /// Blanks in place of byte order marks and of the record separators of RFC 7464 between the values.
    private static func withoutSeparators(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0x1e || $0 == 0xef }) else { return bytes }
        var clean = bytes
        var isString = false
        var place = 0
        while place < clean.count {
            switch clean[place] {
            case UInt8(ascii: "\""): isString.toggle()
            case UInt8(ascii: "\\") where isString: place += 1
            case 0x1e where !isString: clean[place] = 0x20
            case 0xef where !isString && clean[place...].starts(with: mark):
                for byte in place..<place + 3 { clean[byte] = 0x20 }
            default: break
            }
            place += 1
        }
        return clean
    }

    /// The records of a value: those of an array, and of an object around one.
    private func elements(of value: JSON) -> [JSON] {
        let wrapped = RecordWrapper(value)
        if !wrapped.others.isEmpty {
            let names = wrapped.others.map { "\"\($0)\"" }.joined(separator: ", ")
            notes.append(RecordNote(kind: "wrapper \(names)", "beside the records, \(names) is passed over"))
        }
        return wrapped.records
    }

    /// The line is said by the origin.
    private static func text(_ error: JSONError) -> String {
        "invalid JSON at column \(error.place.column): \(error.message)"
    }

    func record(of value: JSON, at origin: Origin, _ mapping: RecordMapping? = nil) -> RecordReader.Record {
        do throws(RecordError) {
            return record(
                at: origin, .success(try (mapping ?? options.mapping).article(from: value, slugs: options.slugs)))
        } catch {
            return record(at: origin, .failure(error))
        }
    }

    /// Applies the overrides of the command line, and derives an id if the article has none.
    func record(
        at origin: Origin, _ result: Result<RecordMapping.Result, RecordError>
    ) -> RecordReader.Record {
        var isNamedByContent = false
        noteEncoding()
        var notes = self.notes
        self.notes = []
        var createdAt: Int64 = 0
        let article = result.flatMap { found in
            var article = found.article
            createdAt = found.createdAt
            notes += found.notes
            if lines.source.encoding.vietnamese != nil, article.attributes["original_encoding"] == nil {
                article.attributes["original_encoding"] = lines.source.encoding.name
            }
            if let external = found.externalID { article.attributes["external_id"] = external }
            options.overrides.apply(to: &article)
            article.url = options.urlRules.strippingQuery(article.url)
            if article.id == nil, article.url.isEmpty, !options.makesNew {
                if let external = found.externalID, let namespace {
                    article.id = DerivedID.named(external, in: namespace)
                } else {
                    article.id = DerivedID.content(article)
                    isNamedByContent = true
                }
            }
            return Self.checkSize(article)
        }
        return RecordReader.Record(
            origin: origin, article: article, notes: notes, isNamedByContent: isNamedByContent, createdAt: createdAt)
    }

    /// Tells once which encoding the file is in. Of JSON in UTF-16, which is JSON as well, nobody needs to hear.
    private func noteEncoding() {
        guard !hasToldEncoding, lines.source.encoding.vietnamese != nil || (isText && lines.source.encoding != .utf8)
        else { return }
        hasToldEncoding = true
        let reason = lines.source.reason.map { " (\($0))" } ?? ""
        notes.append(
            RecordNote(
                kind: "encoding", "the file is in \(lines.source.encoding.name)\(reason), and is read and kept as UTF-8"
            ))
    }

    /// What is told at the end of the file: whether its bytes follow from what was read. Of text this is told with its article.
    var remark: RecordNote? {
        guard !isText, lines.source.encoding.vietnamese != nil, lines.source.charset == nil else { return nil }
        return irreversible
    }

    private var irreversible: RecordNote {
        RecordNote(
            kind: "irreversible",
            "its text does not give the same bytes in \(lines.source.encoding.name) again: keep the file if you need those"
        )
    }

    /// Refuses an article that is too large for a frame: it would end the connection.
    private static func checkSize(_ article: Article) -> Result<Article, RecordError> {
        guard article.body.utf8.count <= Limits.body else {
            return .failure(
                RecordError(
                    "its body has \(Quantity.bytes(article.body.utf8.count)); at most \(Quantity.bytes(Limits.body)) are allowed"
                ))
        }
        let large =
            article.body.utf8.count + (article.original.map { $0.head.count + $0.tail.count } ?? 0) > Limits.article / 2
        if large || article.attributes.count > 16 {
            var kept = article
            kept.id = nil  // it is the service's field, and does not count
            let size = kept.encoded().count
            guard size <= Limits.article else {
                return .failure(
                    RecordError("it has \(Quantity.bytes(size)); at most \(Quantity.bytes(Limits.article)) are allowed")
                )
            }
        }
        return .success(article)
    }
}

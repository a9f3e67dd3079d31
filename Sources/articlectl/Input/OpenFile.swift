// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import JSONTree

/// A file that is being read.
final class OpenFile {
    private let input: InputFile
    private let options: InputOptions
    private let namespace: String?
    private var lines: LineReader
    private var content: Content?
    private let label: String

    /// What is left of the file, once its format is known.
    private enum Content {
        case lines(first: LineReader.Line)
        case moreLines
        case values([JSON], next: Int)
        case done
    }

    init(_ input: InputFile, _ options: InputOptions, interrupt: Int32) throws(CommandFailure) {
        self.input = input
        self.options = options
        namespace = options.namespace ?? input.namespace
        let source = try ByteSource(input.path, interrupt: interrupt)
        label = source.name
        lines = LineReader(source)
    }

    var bytesRead: Int { lines.bytesRead }

    func next() throws(CommandFailure) -> RecordReader.Record? {
        while true {
            switch content {
            case nil:
                guard let record = try begin() else { continue }
                return record
            case .lines(let first):
                content = .moreLines
                if let record = record(ofLine: first) { return record }
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
            case .done: return nil
            }
        }
    }

    /// Detects the format. A file that is one article is read at once.
    private func begin() throws(CommandFailure) -> RecordReader.Record? {
        let format = options.format ?? InputFormat(ofName: input.path)
        if let format, format != .jsonl { return try whole(format) }
        guard let (first, before) = try firstLine() else { return refused("there is nothing in it") }
        if let failure = Self.compressed(first.bytes) { return refused(failure.message) }
        if format == nil, first.isTooLong {
            return refused("it is too large: its first line has more than \(Quantity.bytes(lines.longest))")
        }
        let found = format ?? InputFormat(firstLine: first.bytes)
        guard found == .jsonl else { return try whole(found, beginningWith: first, before: before) }
        content = .lines(first: first)
        return nil
    }

    /// Reads all that is left: one article as text, or JSON in one piece.
    private func whole(
        _ format: InputFormat, beginningWith first: LineReader.Line? = nil, before: [UInt8] = []
    ) throws(CommandFailure) -> RecordReader.Record? {
        let rest = try lines.rest(beginningWith: first, most: format == .text ? Limits.article : Self.mostJSON)
        let bytes = before + rest
        let content = bytes.starts(with: Self.mark) ? bytes.dropFirst(3) : bytes[...]
        guard content.contains(where: { $0 != 0x20 && !(0x09...0x0d).contains($0) }) else {
            return refused("there is nothing in it")
        }
        if let failure = Self.compressed(bytes) { return refused(failure.message) }
        self.content = .done
        return format == .text ? text(bytes) : values(bytes)
    }

    /// The file holds nothing that can be used.
    private func refused(_ reason: String) -> RecordReader.Record {
        content = .done
        return record(at: Origin(file: label, line: nil), .failure(RecordError(reason)))
    }

    /// The first line that is not empty, and the bytes before it. A byte order mark alone is no content.
    private func firstLine() throws(CommandFailure) -> (LineReader.Line, before: [UInt8])? {
        var before: [UInt8] = []
        while let line = try lines.next() {
            let content =
                before.isEmpty && line.bytes.starts(with: Self.mark) ? line.bytes.dropFirst(3) : line.bytes[...]
            let isEmpty = content.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) } && !line.isTooLong
            guard isEmpty, before.count < 1 << 20 else { return (line, before) }
            before += line.bytes + [0x0a]
        }
        return nil
    }

    /// Bytes of JSON that are read in one piece.
    private static let mostJSON = 256 << 20
    /// U+FEFF
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    private static func compressed(_ bytes: [UInt8]) -> RecordError? {
        let tools: [([UInt8], String)] = [
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"), ([0x1f, 0x8b], "gzip"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
            ([0x42, 0x5a, 0x68], "bzip2"),
        ]
        guard let tool = tools.first(where: { bytes.starts(with: $0.0) })?.1 else { return nil }
        return RecordError("it is compressed: unpack it on the way, as in: \(tool) -dc FILE | articlectl import -")
    }

    private func text(_ bytes: [UInt8]) -> RecordReader.Record {
        let origin = Origin(file: label, line: nil)
        do throws(PlainTextError) {
            let article = try Article(plainText: bytes)
            return record(at: origin, .success(.init(article: article, externalID: input.place?.relative)))
        } catch {
            return record(at: origin, .failure(RecordError(error.message)))
        }
    }

    private func values(_ bytes: [UInt8]) -> RecordReader.Record? {
        let start = bytes.starts(with: Self.mark) ? 3 : 0
        var parser = JSONParser(bytes, from: start)
        var values: [JSON] = []
        do throws(JSONError) {
            while let value = try parser.next() {
                if case .array(let elements) = value { values += elements } else { values.append(value) }
            }
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
        let start = line.number == 1 && line.bytes.starts(with: Self.mark) ? 3 : 0
        var parser = JSONParser(line.bytes, from: start)
        do throws(JSONError) {
            guard let value = try parser.next() else { return nil }
            guard try parser.next() == nil else {
                throw parser.error("unexpected text after the end of the value")
            }
            return record(of: value, at: origin)
        } catch {
            return record(at: origin, .failure(RecordError(Self.text(error))))
        }
    }

    /// The line is said by the origin.
    private static func text(_ error: JSONError) -> String {
        "invalid JSON at column \(error.place.column): \(error.message)"
    }

    private func record(of value: JSON, at origin: Origin) -> RecordReader.Record {
        do throws(RecordError) {
            return record(at: origin, .success(try options.mapping.article(from: value, slugs: options.slugs)))
        } catch {
            return record(at: origin, .failure(error))
        }
    }

    /// Applies the overrides of the command line, and derives an id if the article has none.
    private func record(
        at origin: Origin, _ result: Result<RecordMapping.Result, RecordError>
    ) -> RecordReader.Record {
        var isNamedByContent = false
        var notes: [RecordNote] = []
        let article = result.flatMap { found in
            var article = found.article
            notes = found.notes
            if let external = found.externalID { article.attributes["external_id"] = external }
            options.overrides.apply(to: &article)
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
        return RecordReader.Record(origin: origin, article: article, notes: notes, isNamedByContent: isNamedByContent)
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

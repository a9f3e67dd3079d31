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

    /// Records of the last line that are still to be returned: it was an array, or had several values.
    private var waiting: ArraySlice<JSON> = []
    private var waitingOrigin: Origin?
    /// What is told with the next record.
    private var notes: [RecordNote] = []

    /// What is left of the file, once its format is known.
    private enum Content {
        case lines(first: [LineReader.Line])
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
        guard options.format == nil, Self.isCut(first.bytes) else {
            content = .lines(first: [first])
            return nil
        }
        // A value that goes on in the next line: the name is .jsonl, the content is JSON. But one line of JSON Lines may be cut.
        let second = try lines.next()
        if let second, Self.beginsObject(second.bytes), !Self.isOpening(first.bytes) {
            content = .lines(first: [first, second])
            return nil
        }
        guard let second else { return try whole(.json, beginningWith: first, before: before) }
        return try whole(.json, beginningWith: second, before: before + first.bytes + [0x0a])
    }

    /// Whether a value begins in the line that ends in another.
    private static func isCut(_ line: [UInt8]) -> Bool {
        guard let first = line.dropFirst(prefix(of: line)).first,
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else {
            return false
        }
        var parser = JSONParser(line, from: prefix(of: line))
        do throws(JSONError) {
            _ = try parser.next()
            return false
        } catch {
            return error.message.contains("never closed")
        }
    }

    private static func beginsObject(_ line: [UInt8]) -> Bool {
        line.dropFirst(prefix(of: line)).first == UInt8(ascii: "{")
    }

    /// A bracket alone on its line, or an array: the records follow.
    private static func isOpening(_ line: [UInt8]) -> Bool {
        let content = line.dropFirst(prefix(of: line))
        return content.first == UInt8(ascii: "[")
            || content.dropFirst().allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
            || content.last.map { $0 == UInt8(ascii: "[") || $0 == 0x0d } == true
    }

    /// How many bytes precede the value of a line: blanks, byte order marks (files that were put together have them in the
    /// middle), and the record separators of RFC 7464.
    private static func prefix(of line: [UInt8]) -> Int {
        var start = 0
        while start < line.count {
            if line[start...].starts(with: mark) {
                start += 3
            } else if [0x20, 0x09, 0x0d, 0x1e].contains(line[start]) {
                start += 1
            } else {
                break
            }
        }
        return start
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
        if format == .text, lines.source.encoding != .utf8 {
            notes.append(
                RecordNote(
                    kind: "UTF-16", "the file is in UTF-16, and is read and kept as UTF-8"))
        }
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
        if options.format == nil, let kind = ForeignKind(beginningWith: bytes) {
            return record(at: origin, .failure(RecordError(kind.message)))
        }
        do throws(PlainTextError) {
            let article = try Article(plainText: bytes)
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
        var notes = self.notes
        self.notes = []
        let article = result.flatMap { found in
            var article = found.article
            notes += found.notes
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

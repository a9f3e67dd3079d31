// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import ArticleProtocol
import ArticleText
import ArticleURL

/// The articles of files, one after the other. Memory use does not depend on the size of the files.
final class RecordReader {
    /// An article, or why a record is not an article.
    struct Record {
        let origin: Origin
        let article: Result<Article, RecordError>
        /// What of the record was kept in another place, left out, or read in one of several ways.
        var notes: [RecordNote] = []
        /// Its id follows from its content: what is there under it already was the same when it was stored.
        var isNamedByContent = false
        /// When the service that exported it had created it; 0: not exported by one.
        var createdAt: Int64 = 0
    }

    private let options: InputOptions
    private var inputs: ArraySlice<InputFile>
    private let interrupt: Int32
    private var open: OpenFile?
    /// The archives that `open` is in, the innermost last.
    private var archives: [OpenArchive] = []
    /// What is told at the end.
    private(set) var remarks: [(origin: Origin, note: RecordNote)] = []
    /// The size of the files that were read to their end, in bytes.
    private var bytesBefore = 0

    /// - Parameter interrupt: a descriptor that ends waiting for input when it becomes readable; -1: none.
    init(_ inputs: [InputFile], _ options: InputOptions, interrupt: Int32 = -1) {
        self.inputs = inputs[...]
        self.options = options
        self.interrupt = interrupt
    }

    /// How many bytes were read so far.
    var bytesRead: Int { bytesBefore + (archives.first?.bytesRead ?? open?.bytesRead ?? 0) }

    /// The next one; nil at the end of the last file, and after Ctrl-C.
    ///
    /// - Throws: if a file cannot be opened or read.
    func next() throws(CommandFailure) -> Record? {
        while !Signals.isInterrupted {
            guard let open else {
                switch try openNext() {
                case .opened: continue
                case .refused(let name, let error):
                    return Record(origin: Origin(file: name, line: nil), article: .failure(error))
                case .end: return nil
                }
            }
            let next: Record?
            do {
                next = try open.next()
            } catch {
                self.open = nil  // nothing more can be had of it
                throw error
            }
            // What was being read when it was stopped may be half of a record.
            if let next { return Signals.isInterrupted ? nil : next }
            if archives.isEmpty { bytesBefore += open.bytesRead }
            if let remark = open.remark { remarks.append((Origin(file: open.label, line: nil), remark)) }
            self.open = nil
        }
        return nil
    }

    private enum Opening {
        /// A file, or an archive with files.
        case opened
        /// A file, by its name, that cannot be used.
        case refused(String, RecordError)
        case end
    }

    /// Archives in archives.
    private static let mostDepth = 3

    /// Opens the next file, or the next one in an archive.
    private func openNext() throws(CommandFailure) -> Opening {
        guard let archive = archives.last else {
            guard let input = inputs.popFirst() else { return .end }
            return try begin(input, ByteSource(input.path, interrupt: interrupt))
        }
        let next: (InputFile, ByteSource.Supply)?
        do throws(RecordError) {
            next = try archive.next()
        } catch {
            if archive.isOver { leave(archive) }
            return .refused(archive.name, error)
        }
        if let (input, supply) = next { return try begin(input, ByteSource(named: input.name, supply)) }
        leave(archive)
        guard archive.isEmpty else { return .opened }
        return .refused(
            archive.name, RecordError("there is no file in it whose name says that it has articles"))
    }

    private func begin(_ input: InputFile, _ source: consuming ByteSource) throws(CommandFailure) -> Opening {
        let beginning = try source.beginning(Archive.beginning)
        guard Archive.isArchive(beginningWith: beginning) else {
            source.assume(options.encoding)
            open = OpenFile(input, source, options)
            return .opened
        }
        // libarchive hands on what it does not recognize.
        if let archive = archives.last, beginning == archive.beginning {
            return .refused(archive.name, RecordError("it is compressed, and cut off or damaged at its beginning"))
        }
        guard archives.count < Self.mostDepth else {
            return .refused(input.name, RecordError("it is an archive in \(archives.count) others: unpack it first"))
        }
        do throws(RecordError) {
            archives.append(try OpenArchive(source, input, beginning))
            return .opened
        } catch {
            return .refused(input.name, error)
        }
    }

    private func leave(_ archive: OpenArchive) {
        archives.removeLast()
        if archives.isEmpty { bytesBefore += archive.bytesRead }
        remarks += archive.remarks.map { (Origin(file: archive.name, line: nil), $0) }
    }
}

/// How inputs are read.
struct InputOptions: Sendable {
    var format: InputFormat?
    /// Of files without a byte order mark.
    var encoding: TextEncoding?
    var mapping: RecordMapping
    var overrides = Overrides()
    /// The name of the collection that the records belong to; nil: each file is a collection.
    var namespace: String?
    /// Parameters that are taken out of the queries of URLs.
    var urlRules = URLRules.standard
    /// Gives an article without a name a new id in place of a derived one.
    var makesNew = false
    /// The slugs of the topics of all records.
    let slugs = TopicSlugs()

    init(mapping: RecordMapping) { self.mapping = mapping }

    /// `--strip-query`, for the commands that store.
    static let stripQuery = Option.value(
        "strip-query", "NAMES",
        "take these parameters out of URLs: utm_*,fbclid; for good, see stripQuery in articled.json5(5)")

    mutating func strip(_ names: String?) throws(CommandFailure) {
        guard let names else { return }
        do throws(URLRules.Problem) {
            urlRules = try URLRules(strippedParameters: names)
        } catch {
            throw .usage("--strip-query: \(error)")
        }
    }
}

/// Where an article comes from, for messages: "story.txt", "archive.jsonl:17".
struct Origin: Sendable, Equatable, CustomStringConvertible {
    let file: String
    /// From 1; nil if the file is one article.
    let line: Int?

    var description: String { line.map { "\(file):\($0)" } ?? file }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText

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
    }

    private let options: InputOptions
    private var inputs: ArraySlice<InputFile>
    private let interrupt: Int32
    private var open: OpenFile?
    /// The size of the files that were read to their end, in bytes.
    private var bytesBefore = 0

    /// - Parameter interrupt: a descriptor that ends waiting for input when it becomes readable; -1: none.
    init(_ inputs: [InputFile], _ options: InputOptions, interrupt: Int32 = -1) {
        self.inputs = inputs[...]
        self.options = options
        self.interrupt = interrupt
    }

    /// How many bytes were read so far.
    var bytesRead: Int { bytesBefore + (open?.bytesRead ?? 0) }

    /// The next one; nil at the end of the last file, and after Ctrl-C.
    ///
    /// - Throws: if a file cannot be opened or read.
    func next() throws(CommandFailure) -> Record? {
        while !Signals.isInterrupted {
            guard let open else {
                guard let input = inputs.popFirst() else { return nil }
                open = try OpenFile(input, options, interrupt: interrupt)
                continue
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
            bytesBefore += open.bytesRead
            self.open = nil
        }
        return nil
    }
}

/// How inputs are read.
struct InputOptions: Sendable {
    var format: InputFormat?
    var mapping: RecordMapping
    var overrides = Overrides()
    /// The name of the collection that the records belong to; nil: each file is a collection.
    var namespace: String?
    /// Gives an article without a name a new id in place of a derived one.
    var makesNew = false
    /// The slugs of the topics of all records.
    let slugs = TopicSlugs()

    init(mapping: RecordMapping) { self.mapping = mapping }
}

/// Where an article comes from, for messages: "story.txt", "archive.jsonl:17".
struct Origin: Sendable, Equatable, CustomStringConvertible {
    let file: String
    /// From 1; nil if the file is one article.
    let line: Int?

    var description: String { line.map { "\(file):\($0)" } ?? file }
}

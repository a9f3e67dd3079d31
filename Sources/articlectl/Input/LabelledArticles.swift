// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import TopicTraining

/// Articles with a topic, to train or to measure a model with. They are read as `import` reads them.
struct LabelledArticles {
    /// In the order of the files and their records. The label is the topic's slug.
    private(set) var texts: [LabelledText] = []
    /// The topics' names, by slug.
    private(set) var names: [String: String] = [:]
    /// How many records and files were left out.
    private(set) var skipped = 0

    /// Reads a file of records, or a directory with a folder for each topic.
    ///
    /// - Parameter tell: is called with what is left out and why, for the first 100.
    /// - Throws: if there is no labelled article.
    init(
        path: String, _ options: InputOptions, notes: RecordNotes, tell: (String) -> Void
    ) throws(CommandFailure) {
        var options = options
        options.makesNew = true  // nobody needs an id of it
        var first: String?
        var skipped = 0
        func skip(_ complaint: String) {
            skipped += 1
            if first == nil { first = complaint }
            if skipped <= 100 { tell(complaint) }
        }
        try Directory.checkReadable(path)
        if path != "-", Directory.isDirectory(path) {
            let found = try InputFile.all(in: path, all: true)
            for problem in found.problems { skip(problem) }
            for file in found.files {
                let parts = (file.place?.relative ?? "").split(separator: "/")
                guard parts.count > 1, let folder = parts.first.map({ FileName.shown(String($0)) }) else {
                    skip("\(file.name): no directory of a topic's articles")
                    continue
                }
                guard let (slug, note) = options.slugs.slug(of: folder) else {
                    skip(
                        "\(file.name): \"\(FileName.shown(folder))\" has neither a letter nor a digit to name a topic by"
                    )
                    continue
                }
                if let note { notes.tell([note], at: Origin(file: file.name, line: nil)) }
                read(file, options, label: (slug, folder), notes, skip)
            }
        } else {
            read(InputFile(path), options, label: nil, notes, skip)
        }
        self.skipped = skipped
        guard !texts.isEmpty else {
            throw CommandFailure(.data, "\(path) has no labelled article" + (first.map { ": \($0)" } ?? ""))
        }
    }

    private mutating func read(
        _ file: InputFile, _ options: InputOptions, label: (slug: String, name: String)?, _ notes: RecordNotes,
        _ skip: (String) -> Void
    ) {
        let reader = RecordReader([file], options)
        while true {
            do throws(CommandFailure) {
                guard let record = try reader.next() else { return }
                switch record.article {
                case .failure(let error): skip("\(record.origin): \(error.message)")
                case .success(let article):
                    notes.tell(record.notes, at: record.origin)
                    if !add(article, label: label) { skip("\(record.origin): it has no label, topic or category") }
                }
            } catch {
                return skip(error.message)
            }
        }
    }

    private mutating func add(_ article: Article, label: (slug: String, name: String)?) -> Bool {
        let best = article.topics.reduce(nil as Topic?) { best, topic in
            if let best, best.score >= topic.score { best } else { topic }
        }
        guard let label = label ?? best.map({ ($0.slug, $0.name) }) else { return false }
        if names[label.slug] == nil, !label.name.isEmpty { names[label.slug] = label.name }
        texts.append(
            LabelledText(
                label: label.slug, parts: [article.title, article.summary, article.body].filter { !$0.isEmpty }))
        return true
    }
}

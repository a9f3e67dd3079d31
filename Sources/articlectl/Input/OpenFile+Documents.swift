// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import ArticleProtocol
import JSONTree

// Feeds, tables and pages.
extension OpenFile {
    func feed(_ before: [UInt8], _ line: LineReader.Line) throws(CommandFailure) -> RecordReader.Record? {
        var beginning: [UInt8]? = try before + lines.piece(beginningWith: line)
        // A byte order mark is no part of the document for a parser that is told the encoding.
        if let bytes = beginning, bytes.starts(with: Self.mark) { beginning = Array(bytes.dropFirst(3)) }
        let encoding = lines.source.encoding == .utf8 ? nil : "UTF-8"
        let feed = Feed(encoding: encoding) { [unowned self] in
            if let bytes = beginning {
                beginning = nil
                return bytes
            }
            do throws(CommandFailure) {
                return try lines.piece()
            } catch {
                inputFailure = error
                return []
            }
        }
        guard let feed else { return refused("there is not enough memory to read it") }
        content = .feed(feed)
        return nil
    }

    func next(of feed: Feed) throws(CommandFailure) -> RecordReader.Record? {
        let entry: Feed.Entry?
        do throws(Feed.Failure) {
            entry = try feed.next()
        } catch {
            if let inputFailure { throw inputFailure }
            return refused(error.text.message)
        }
        if let entry { return record(of: entry.record, at: Origin(file: label, line: entry.line)) }
        content = .done
        if let inputFailure { throw inputFailure }
        return nil
    }

    func take(_ line: LineReader.Line, _ table: TableReader) -> RecordReader.Record? {
        do throws(RecordError) {
            try table.take(line)
            return nil
        } catch {
            return refused(error.message)
        }
    }

    /// nil: there is more to do.
    func next(of table: TableReader) throws(CommandFailure) -> RecordReader.Record? {
        do throws(RecordError) {
            if let item = try table.next() {
                let origin = Origin(file: label, line: item.line)
                switch item.record {
                case .success(let value):
                    if !hasToldColumns { notes += table.notes }
                    hasToldColumns = true
                    return record(of: value, at: origin, table.mapping)
                case .failure(let error): return record(at: origin, .failure(error))
                }
            }
        } catch {
            return refused(error.message)
        }
        if let line = try lines.next() { return take(line, table) }
        guard !tableHasEnded else {
            content = .done
            return nil
        }
        tableHasEnded = true
        do throws(RecordError) {
            try table.end()
            return nil
        } catch {
            return refused(error.message)
        }
    }

    /// A page is an article of its own.
    func page(_ bytes: [UInt8]) -> RecordReader.Record {
        let origin = Origin(file: label, line: nil)
        do throws(RecordError) {
            let page = try WebPage.read(bytes)
            if page.lacksText {
                notes.append(
                    RecordNote(
                        kind: "page without text",
                        "no main text was found in the page; what is stored is its title and what else it says of itself",
                        isLoss: true))
            }
            var result = try options.mapping.article(from: page.record, slugs: options.slugs)
            if result.article.url.isEmpty { result.externalID = input.place.map { FileName.shown($0.relative) } }
            return record(at: origin, .success(result))
        } catch {
            return record(at: origin, .failure(error))
        }
    }
}

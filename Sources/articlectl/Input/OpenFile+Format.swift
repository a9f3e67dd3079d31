// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import JSONTree

// What a file is.
extension OpenFile {
    /// Detects the format. A file that is one article is read at once.
    ///
    /// The content tells more than the name, except between text, JSON and JSON Lines.
    func begin() throws(CommandFailure) -> RecordReader.Record? {
        guard let (first, before) = try firstLine() else { return refused("there is nothing in it") }
        let named = options.format ?? InputFormat(ofName: input.path)
        if named == nil, first.isTooLong {
            return refused("it is too large: its first line has more than \(Quantity.bytes(lines.longest))")
        }
        if options.format == nil, Self.isMarkup(first.bytes) {
            return try markup(beginningWith: first, before: before)
        }
        let isTable = options.format == nil && named != .json && named != .jsonl && TableReader.isHeader(first.bytes)
        let told = named == .xml && options.format == nil ? nil : named
        let found = isTable ? (named == .tsv ? .tsv : .csv) : told ?? InputFormat(firstLine: first.bytes)
        switch found {
        case .csv, .tsv:
            let table = TableReader(beginningWith: first.bytes, isTabbed: found == .tsv, options.mapping)
            content = .table(table)
            return take(first, table)
        case .xml where options.format == .xml: return try feed(before, first)
        case .text, .json, .html, .xml: return try whole(found, beginningWith: first, before: before)
        case .jsonl: break
        }
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

    private static func isMarkup(_ line: [UInt8]) -> Bool {
        let content = line.dropFirst(prefix(of: line))
        guard content.first == UInt8(ascii: "<"), let next = content.dropFirst().first else { return false }
        return next == UInt8(ascii: "!") || next == UInt8(ascii: "?") || (0x61...0x7a).contains(next | 0x20)
    }

    /// Whether there is an element in it: a file named .html may be text.
    static func hasTags(_ bytes: [UInt8]) -> Bool {
        zip(bytes, bytes.dropFirst()).contains {
            $0 == UInt8(ascii: "<") && ($1 == 0x2f || (0x61...0x7a).contains($1 | 0x20))
        }
    }

    /// Reads on until the root element tells what the document is.
    private func markup(
        beginningWith first: LineReader.Line, before: [UInt8]
    ) throws(CommandFailure) -> RecordReader.Record? {
        var (before, line) = (before, first)
        while true {
            // Each declaration and comment ends with this character.
            let kind =
                line.bytes.contains(UInt8(ascii: ">")) ? MarkupKind(beginningWith: before + line.bytes + [0x0a]) : nil
            switch kind {
            case .feed?: return try feed(before, line)
            case .page?: return try whole(.html, beginningWith: line, before: before)
            case .other(let root)?:
                // A part of a page: the text of a content management system.
                if InputFormat(ofName: input.path) == .html {
                    return try whole(.html, beginningWith: line, before: before)
                }
                // Text may begin with a bracket: <Reuters> Paris.
                guard InputFormat(ofName: input.path) == .xml || first.bytes.starts(with: Array("<?xml".utf8)) else {
                    return try whole(.text, beginningWith: line, before: before)
                }
                return refused(Feed.Failure.unknown(root: root).text.message)
            case nil:
                guard before.count < Self.longestProlog, let next = try lines.next() else {
                    let named = InputFormat(ofName: input.path)
                    guard
                        named == .xml || ["<?xml", "<!"].contains(where: { first.bytes.starts(with: Array($0.utf8)) })
                    else { return try whole(named == .html ? .html : .text, beginningWith: line, before: before) }
                    return refused("it begins as XML does, but no element was found; --format text stores it as it is")
                }
                before += line.bytes + [0x0a]
                line = next
            }
        }
    }

    /// In bytes: declarations and comments before the root element.
    private static let longestProlog = 16 << 10

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
    static func prefix(of line: [UInt8]) -> Int {
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
}

// SPDX-License-Identifier: Apache-2.0
import ArticleFormats
import JSONTree

/// The records of a table. Its first row names the columns, which are the members of all records.
final class TableReader {
    /// A record, or why a row is none, and the line where it begins.
    typealias Item = (line: Int, record: Result<JSON, RecordError>)

    private let table: SeparatedValues
    /// How its records are read, once its columns are known.
    private(set) var mapping: RecordMapping
    /// What is told with its first record.
    private(set) var notes: [RecordNote] = []
    private var columns: [String]?
    private var rows: ArraySlice<SeparatedValues.Row> = []
    private var isOver = false

    /// - Parameters:
    ///   - first: the first line.
    ///   - isTabbed: whether the file's name or `--format` says that the separator is a tab.
    init(beginningWith first: [UInt8], isTabbed: Bool, _ mapping: RecordMapping) {
        table = SeparatedValues(separator: isTabbed ? 0x09 : Self.separator(of: first))
        self.mapping = mapping
    }

    /// Parses one more line.
    ///
    /// - Throws: if the file cannot be read from here on.
    func take(_ line: LineReader.Line) throws(RecordError) {
        guard !line.isTooLong else { throw RecordError("the line is too large; the rest of the file is left out") }
        // Excel's way to tell the separator.
        if line.number == 1, Self.declaration(line.bytes) != nil { return }
        // A quote is one only at the beginning of a cell.
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let bytes = line.number == 1 && line.bytes.starts(with: mark) ? Array(line.bytes.dropFirst(3)) : line.bytes
        do throws(SeparatedValues.Failure) {
            rows += try table.rows(in: bytes + [0x0a], line: line.number)
        } catch {
            throw Self.text(error)
        }
    }

    /// There are no more lines.
    func end() throws(RecordError) {
        do throws(SeparatedValues.Failure) {
            rows += try table.lastRows()
        } catch {
            throw Self.text(error)
        }
    }

    /// The next record of the lines so far; nil if there is none.
    ///
    /// - Throws: if no row can be a record.
    func next() throws(RecordError) -> Item? {
        while let row = rows.popFirst() {
            guard let columns else {
                columns = try columns(of: row)
                continue
            }
            return (row.line, Result { () throws(RecordError) in try record(row, columns) })
        }
        return nil
    }

    private static func text(_ failure: SeparatedValues.Failure) -> RecordError {
        switch failure {
        case .unclosedQuote(let line):
            RecordError("a quote in the row that begins in line \(line) is never closed; from there on nothing is read")
        case .rowTooLong(let line):
            RecordError(
                "the row that begins in line \(line) has more than \(Quantity.bytes(SeparatedValues.longestRow)), so a quote in it may "
                    + "not be closed; from there on nothing is read")
        case .noMemory: RecordError("there is not enough memory for a row")
        }
    }

    /// The names of the columns, as records have them.
    private func columns(of row: SeparatedValues.Row) throws(RecordError) -> [String] {
        var names: [String] = []
        for (index, cell) in row.cells.enumerated() {
            guard var name = String(validating: cell, as: UTF8.self) else {
                throw RecordError(
                    "the name of column \(index + 1) is not UTF-8: say how it is encoded, as --encoding windows-1258")
            }
            name = String(name.trimmingBlanks)
            if name.isEmpty { name = "column \(index + 1)" }
            let member = mapping.reads(name) ? name : RecordField.spelling(of: name)
            guard !names.contains(member) else { throw RecordError("two of its columns are named \"\(name)\"") }
            names.append(member)
        }
        (mapping, notes) = mapping.fitting(names)
        guard names.contains(where: { mapping.isText($0) }) else {
            let shown = names.prefix(12).map { "\"\($0.prefix(40))\"" }.joined(separator: ", ")
            throw RecordError(
                "none of its columns is a title or a body: say which, as --map title=NAME --map body=NAME. Its first row, "
                    + "which must name them, has \(shown)")
        }
        return names
    }

    private func record(_ row: SeparatedValues.Row, _ columns: [String]) throws(RecordError) -> JSON {
        guard row.cells.count <= columns.count || row.cells[columns.count...].allSatisfy(\.isEmpty) else {
            throw RecordError(
                "the row has \(row.cells.count) cells, and the table \(columns.count) columns: a cell that has the separator "
                    + "in it must be in quotes")
        }
        var members: [(String, JSON)] = []
        for (name, cell) in zip(columns, row.cells) where !cell.isEmpty || mapping.reads(name) {
            guard let text = String(validating: cell, as: UTF8.self) else {
                throw RecordError(
                    "its cell \"\(name)\" is not UTF-8: say how it is encoded, as --encoding windows-1258")
            }
            members.append((name, .string(text)))
        }
        return .object(members)
    }

    // MARK: The first line

    private static let separators: [UInt8] = [0x2c, 0x3b, 0x09, 0x7c]

    /// Whether a line names columns, two at least of them fields of an article.
    static func isHeader(_ line: [UInt8]) -> Bool {
        guard line.count < 1 << 16 else { return false }
        if declaration(line) != nil { return true }
        return separators.contains { separator in
            let names = names(in: line, separator)
            return names.count >= 2 && names.allSatisfy { $0.utf8.count <= 40 && !$0.contains(" ") }
                && names.count { RecordField.lowercasedNames.contains($0) } >= 2
        }
    }

    /// What most probably separates the names of columns.
    private static func separator(of line: [UInt8]) -> UInt8 {
        if let separator = declaration(line) { return separator }
        func rank(_ separator: UInt8) -> (Int, Int) {
            let names = names(in: line, separator)
            return (names.count { RecordField.lowercasedNames.contains($0) }, names.count)
        }
        return separators.dropFirst().reduce(separators[0]) { rank($1) > rank($0) ? $1 : $0 }
    }

    /// The separator in "sep=;".
    private static func declaration(_ line: [UInt8]) -> UInt8? {
        var text = String(decoding: line.prefix(16), as: UTF8.self)
        if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
        text = String(text.trimmingBlanks.filter { $0 != "\"" })
        guard text.lowercased().hasPrefix("sep="), text.utf8.count == 5, let last = text.utf8.last else {
            return text.lowercased() == "sep=" ? 0x09 : nil
        }
        return last
    }

    private static func names(in line: [UInt8], _ separator: UInt8) -> [String] {
        line.split(separator: separator, omittingEmptySubsequences: false).map { name in
            var text = String(decoding: name.filter { $0 != 0x22 }, as: UTF8.self)
            if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
            return text.trimmingBlanks.lowercased()
        }
    }
}

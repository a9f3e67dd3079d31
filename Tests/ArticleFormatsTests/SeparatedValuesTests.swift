// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleFormats

@Suite struct SeparatedValuesTests {
    private func rows(_ text: String, separator: Character = ",") throws -> [SeparatedValues.Row] {
        let table = SeparatedValues(separator: separator.asciiValue!)
        var rows: [SeparatedValues.Row] = []
        for (index, line) in Array(text.utf8).split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            rows += try table.rows(in: line + [0x0a], line: index + 1)
        }
        return try rows + table.lastRows()
    }

    private func cells(_ text: String, separator: Character = ",") throws -> [[String]] {
        try rows(text, separator: separator).map { $0.cells.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func quotesHoldSeparatorsLinesAndQuotes() throws {
        let text = "title,body\r\n\"Hà Nội, mở tuyến\",\"Dòng 1\r\n\r\nDòng \"\"hai\"\"\"\r\nBài 2, có dấu cách \r\n"
        #expect(
            try cells(text) == [
                ["title", "body"], ["Hà Nội, mở tuyến", "Dòng 1\r\n\r\nDòng \"hai\""], ["Bài 2", " có dấu cách "],
            ])
        #expect(try rows(text).map(\.line) == [1, 2, 5])
    }

    @Test func otherSeparators() throws {
        #expect(try cells("a\tb\n1, 2\t\n", separator: "\t") == [["a", "b"], ["1, 2", ""]])
        #expect(try cells("a;b\n1,5;2", separator: ";") == [["a", "b"], ["1,5", "2"]])
    }

    @Test func emptyLinesAreNoRows() throws {
        let found = try rows("a,b\n\n\n1,2\n\n")
        #expect(found.count == 2)
    }

    @Test func aQuoteThatIsNotClosed() throws {
        #expect(throws: SeparatedValues.Failure.unclosedQuote(line: 2)) { try rows("a,b\n\"1,2\n3,4\n") }
    }

    @Test func aRowIsBounded() throws {
        let table = SeparatedValues(separator: 0x2c)
        let line = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(throws: SeparatedValues.Failure.rowTooLong(line: 1)) {
            _ = try table.rows(in: [0x22] + line, line: 1)
            for number in 2..<100 { _ = try table.rows(in: line, line: number) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import articlectl

/// What `search` prints on a terminal.
@Suite struct HighlightedLinesTests {
    /// Lines with marked words in brackets.
    private func lines(_ text: String, _ marks: [(UInt32, UInt32)], width: Int) -> [String] {
        let highlighted = HighlightedText(text: text, marks: marks.map { TextRange(start: $0.0, end: $0.1) })
        return HighlightedLines.lines(highlighted, width: width).map { line in
            line.map { $0.isMarked ? "[\($0.text)]" : $0.text }.joined()
        }
    }

    @Test func markedWordsStayMarkedWhereverALineEnds() {
        #expect(lines("Lũ lụt lớn", [(0, 3), (4, 9)], width: 80) == ["[Lũ lụt] lớn"])
        #expect(lines("Lũ lụt lớn", [(0, 9)], width: 6) == ["[Lũ lụt]", "lớn"])
        #expect(lines("Lũ lụt lớn", [(0, 9)], width: 3) == ["[Lũ]", "[lụt]", "lớn"])
        #expect(lines("“lũ”, x", [(3, 6)], width: 80) == ["“[lũ]”, x"])
        #expect(lines("", [], width: 10) == [""])
    }

    /// A service of another version may send anything.
    @Test func marksThatDoNotFitDoNoHarm() {
        #expect(lines("ab cd", [(4, 2)], width: 80) == ["ab cd"])
        #expect(lines("ab cd", [(4, 900)], width: 80) == ["ab c[d]"])
        #expect(lines("ab cd", [(.max, .max), (0, 1), (0, 2)], width: 80) == ["[ab] cd"])
        #expect(!lines("ộ", [(1, 2)], width: 80).isEmpty)
        #expect(lines("a\u{1b}[2Jb", [], width: 80).joined().contains("\u{1b}") == false)
    }
}

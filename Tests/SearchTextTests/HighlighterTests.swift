// SPDX-License-Identifier: Apache-2.0
import SearchText
import Testing

@Suite("Highlighter") struct HighlighterTests {
    private func shown(_ highlights: Highlights) -> String {
        var text: [UInt8] = []
        let bytes = Array(highlights.text.utf8)
        for (index, byte) in bytes.enumerated() {
            if highlights.marks.contains(where: { $0.lowerBound == index }) { text.append(0x5b) }
            text.append(byte)
            if highlights.marks.contains(where: { $0.upperBound == index + 1 }) { text.append(0x5d) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func whole(_ query: String, _ text: String) -> String {
        shown(Highlighter(QueryParser.parse(query)).whole(text))
    }

    private func passage(_ query: String, _ text: String, _ size: Int) -> String {
        shown(Highlighter(QueryParser.parse(query)).passage(text, maxBytes: size))
    }

    @Test("words are marked in the text's own spelling")
    func marks() {
        #expect(whole("lu lut", "Lũ LỤT, lu lụt") == "[Lũ] [LỤT], [lu] [lụt]")
        #expect(whole("ha noi", "Hà Nội, Ha\u{300} No\u{323}\u{302}i") == "[Hà] [Nội], [Ha\u{300}] [No\u{323}\u{302}i]")
        #expect(whole("\"lũ lụt\"", "lũ và lũ lụt") == "lũ và [lũ lụt]")
        #expect(whole("covid-19", "COVID–19, covid") == "[COVID–19], covid")
        #expect(whole("16000", "hơn 16.000 khách") == "hơn [16.000] khách")
        #expect(whole("thanh*", "Thanh Hóa, thành, thanhs") == "[Thanh] Hóa, [thành], [thanhs]")
        #expect(whole("a -b", "a b") == "[a] b")
        #expect(whole("author:Lan x", "Lan x") == "Lan [x]")
        #expect(whole("title:a OR b", "a b") == "[a] [b]")
        #expect(whole("x", "") == "")
    }

    @Test("a word with marks is not shown where it has others, unless there is nothing else")
    func otherMarks() {
        #expect(whole("đường", "đường và dương, duong") == "[đường] và dương, [duong]")
        #expect(whole("đường", "dương") == "[dương]")
        #expect(whole("duong", "đường và dương") == "[đường] và [dương]")
    }

    @Test("a passage has the most words, begins with a sentence where it can, and is cut between words")
    func passages() {
        let filler = String(repeating: "một hai ba bốn năm. ", count: 30)
        let text = filler + "Bão đổ bộ vào miền Trung hôm qua, gây lũ lụt lớn. " + filler + "Lũ ở xa." + filler
        let shown = passage("lũ lụt miền Trung", text, 90)
        #expect(shown.hasPrefix("…"))
        #expect(shown.hasSuffix("…"))
        #expect(shown.contains("[miền] [Trung] hôm qua, gây [lũ] [lụt]"))
        for size in [20, 40, 80, 160, 320] {
            let part = Highlighter(QueryParser.parse("lũ lụt miền Trung")).passage(text, maxBytes: size)
            #expect(part.text.utf8.count <= size + 10)
            let inner = part.text.drop { $0 == "…" }.prefix { $0 != "…" }
            #expect(text.contains(inner), "\(inner)")
        }
        #expect(passage("xyz", text, 20).hasPrefix("một hai ba"))
        #expect(passage("a", "a b", 100) == "[a] b")
        #expect(passage("a", "", 100) == "" && passage("a", "…!", 100) == "")
        #expect(passage("cuối", filler + "cuối", 60).hasSuffix("[cuối]"))
    }

    @Test("line ends and blanks become one blank, and marks stay in place")
    func blanks() {
        #expect(whole("lũ lụt", "  tin:\n\n lũ\t \u{20}lụt\n") == "tin: [lũ] [lụt]")
        #expect(whole("\"lũ lụt\"", "x lũ \n lụt y") == "x [lũ lụt] y")
    }

    @Test("marks are ranges of whole characters for any cut of a text")
    func anyText() {
        let text = Array("Đường phố — “lũ lụt” 16.000 l’été 中文 e\u{302}\u{301} x".utf8)
        let highlighter = Highlighter(QueryParser.parse("duong lu 16000 ete 文 x*"))
        for start in text.indices {
            for end in start...text.count {
                let part = String(decoding: text[start..<end], as: UTF8.self)
                for highlights in [highlighter.whole(part), highlighter.passage(part, maxBytes: 12)] {
                    let bytes = Array(highlights.text.utf8)
                    #expect(
                        zip(highlights.marks, highlights.marks.dropFirst()).allSatisfy {
                            $0.upperBound <= $1.lowerBound
                        })
                    for mark in highlights.marks {
                        #expect(mark.upperBound <= bytes.count && String(validating: bytes[mark], as: UTF8.self) != nil)
                    }
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SearchText
import Testing

@Suite("Tokenizer") struct TokenizerTests {
    private func exact(_ text: String) -> [String] {
        let list = TokenList(text)
        return (0..<list.count).map { list.exact($0) }
    }

    private func folded(_ text: String) -> [String] {
        let list = TokenList(text)
        return (0..<list.count).map { list.folded($0) }
    }

    @Test("all spellings of a syllable are one term, and another tone or letter is another")
    func spellings() {
        #expect(exact("đường") == ["đương`"])
        #expect(folded("đường") == ["duong"])
        // Decomposed, with the marks in either order; capitals; eth for đ.
        for spelling in [
            "đ\u{1b0}\u{300}ng", "đ\u{75}\u{31b}\u{300}ng", "đ\u{75}\u{300}\u{31b}ng", "ĐỪNG",
            "Đ\u{55}\u{31b}\u{300}NG",
            "\u{d0}ừng", "đưng\u{300}",
        ] {
            #expect(exact(spelling) == exact("đừng"), "\(spelling.unicodeScalars.map(\.value))")
        }
        #expect(exact("hoà") == exact("hòa"))
        #expect(exact("thuý") == exact("thúy"))
        #expect(exact("khoẻ") == exact("khỏe"))
        #expect(Set(["ma", "mà", "má", "mã", "mả", "mạ", "mâ", "mă", "mầ", "mắ"].map { exact($0)[0] }).count == 10)
        #expect(Set(["ma", "mà", "má", "mã", "mả", "mạ", "mâ", "mă", "mầ", "mắ"].map { folded($0)[0] }) == ["ma"])
        #expect(exact("dương") != exact("đương") && exact("đường") != exact("đương"))
    }

    @Test(
        "every composed letter gives the same terms as its decomposition", arguments: [0xc0..<0x250, 0x1e00..<0x1f00])
    func normalForms(codePoints: Range<UInt32>) {
        for codePoint in codePoints {
            guard let scalar = Unicode.Scalar(codePoint) else { continue }
            let decomposed = String(scalar).decomposedStringWithCanonicalMapping
            #expect(exact("x\(scalar)y") == exact("x\(decomposed)y"), "U+\(String(codePoint, radix: 16))")
            #expect(folded("x\(scalar)y") == folded("x\(decomposed)y"), "U+\(String(codePoint, radix: 16))")
        }
    }

    @Test("words of other languages")
    func otherLanguages() {
        #expect(
            folded("Le cœur de l’événement, c'est l'été") == [
                "le", "coeur", "de", "l", "evenement", "c", "est", "l", "ete",
            ])
        #expect(exact("été") == ["ete''"])
        #expect(exact("e\u{301}te\u{301}") == exact("été"))
        #expect(folded("don't people's O’Neill H'Mông") == ["dont", "people", "oneill", "hmong"])
        #expect(folded("Straße ﬁn façade") == ["strasse", "fin", "facade"])
        #expect(folded("Привет 中文 ａｂｃ１２") == ["привет", "中", "文", "abc12"])
    }

    @Test("quotes, dashes and other signs separate words")
    func signs() {
        for dash in ["-", "–", "—", "‑", "−", "/", " ", "\u{a0}", "…", "“", "\"", "«", "_", "\u{3000}"] {
            #expect(exact("covid\(dash)19") == ["covid", "19"], "\(dash)")
        }
        #expect(exact("TP.HCM") == ["tp", "hcm"])
        #expect(exact("thông\u{ad}tin \u{feff}mới\u{200b}") == ["thôngtin", "mơi'"])
        #expect(exact("  ...!? ").isEmpty && exact("").isEmpty)
    }

    @Test("numbers with separators")
    func numbers() {
        for spelling in ["16000", "16.000", "16,000", "16'000", "16’000", "16\u{a0}000", "16\u{202f}000"] {
            #expect(exact(spelling) == ["16000"], "\(spelling)")
        }
        #expect(exact("1.234.567,89") == ["1234567.89"] && exact("1,234,567.89") == ["1234567.89"])
        #expect(exact("3,5") == ["3.5"] && exact("3.5%") == ["3.5"])
        #expect(exact("20.11.2024") == ["20", "11", "2024"] && exact("20/11/2024") == ["20", "11", "2024"])
        #expect(exact("10:30 5G U23 100m2 23h") == ["10", "30", "5g", "u23", "100m2", "23h"])
        #expect(exact("năm 2020.") == ["năm", "2020"])
        #expect(exact("2020, 2021") == ["2020", "2021"])
        #expect(exact("16.000m") == ["16", "000m"])
    }

    @Test("a word's place is where it stands in the text")
    func places() {
        for text in ["Đường ĐƯỜNG — hoà, l'été 16.000 5G", "\u{65}\u{302}\u{301}x y", "TP.HCM: “tin”"] {
            let list = TokenList(text)
            let bytes = Array(text.utf8)
            for index in 0..<list.count {
                let alone = TokenList(String(decoding: bytes[list.tokens[index].range], as: UTF8.self))
                #expect(alone.count == 1)
                #expect(alone.exact(0) == list.exact(index))
            }
            #expect(zip(list.tokens, list.tokens.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
        }
    }

    @Test("two words are a bigram unless a sentence or clause ends between them")
    func bigrams() {
        func bigrams(_ text: String) -> [String] {
            let list = TokenList(text)
            return (0..<list.count).compactMap { list.bigram(endingAt: $0) }
        }
        #expect(bigrams("Học sinh nghèo. Vượt khó, học giỏi") == ["hoc sinh", "sinh ngheo", "vuot kho", "hoc gioi"])
        #expect(bigrams("TP.HCM 3,5") == ["tp hcm", "hcm 3.5"])
        #expect(bigrams("“Một” hai") == [])
        #expect(bigrams("một").isEmpty)
    }

    @Test("which words bear marks")
    func marked() {
        func marked(_ text: String) -> [Bool] { TokenList(text).tokens.map(\.isMarked) }
        #expect(
            marked("Đi hoc tieng Việt dê ma\u{300} 2024 été Привет") == [
                true, false, false, true, true, true, false, true, false,
            ])
    }

    @Test("a word that is too long is cut, whatever is in it")
    func longWords() {
        let list = TokenList(String(repeating: "ộ", count: 1000) + " x")
        #expect(list.count == 2)
        #expect(list.folded(0) == String(repeating: "o", count: Tokenizer.maxCharacters))
        #expect(TokenList(String(repeating: "7", count: 1000)).folded(0).count == Tokenizer.maxCharacters)
        let marks = TokenList("e" + String(repeating: "\u{301}\u{302}", count: 1000))
        #expect(marks.count == 1 && marks.folded(0) == "e" && marks.exactBytes.count < 300)
    }

    @Test("bytes that are not UTF-8 separate words, and every cut of a text can be read")
    func invalidBytes() {
        func folded(_ bytes: [UInt8]) -> [String] {
            var list = TokenList()
            Tokenizer.read(bytes.span, into: &list)
            return (0..<list.count).map { list.folded($0) }
        }
        #expect(folded([0x61, 0xff, 0x62, 0xc3]) == ["a", "b"])
        #expect(folded([0xed, 0xa0, 0x80, 0x61]) == ["a"])
        let text = Array("Đường 16.000 l’été 中 e\u{302}\u{301} \u{10400}".utf8)
        for start in text.indices {
            for end in start...text.count {
                var list = TokenList()
                Tokenizer.read(text[start..<end].span, into: &list)
                #expect(list.tokens.allSatisfy { $0.range.upperBound <= end - start && !$0.range.isEmpty })
            }
        }
    }

    @Test("a list can be used again")
    func reuse() {
        var list = TokenList("một hai")
        list.removeAll()
        Tokenizer.read("ba", into: &list)
        #expect(list.count == 1 && list.exact(0) == "ba" && list.tokens[0].followsBorder)
    }
}

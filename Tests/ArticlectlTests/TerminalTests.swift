import ArticleProtocol
import ArticleText
import Testing

@testable import articlectl

@Suite struct TerminalTests {
    @Test func nothingFromAnArticleCommandsTheTerminal() {
        #expect(Sanitised.text("a\u{1b}[31mb\u{7}\u{9b}c\u{7f}\u{202e}d") == "a␛[31mb␇\u{fffd}c␡\u{fffd}d")
        #expect(Sanitised.text("a\nb\tc\rd") == "a b c d")
        #expect(Sanitised.text("a\nb", keepingLines: true) == "a\nb")
        #expect(Sanitised.text("Đoàn công tác") == "Đoàn công tác")
        let article = Article(
            url: "u\u{1b}c", source: "s\u{1b}c", title: "t\u{1b}c", summary: "m\u{1b}c", body: "b\u{1b}c\n\u{9d}x",
            author: "a\u{1b}c",
            language: "l\u{1b}c", topics: [Topic(slug: "x", score: 1, name: "n\u{1b}c")])
        for width in [nil, 20] {
            let page = ArticlePage.page(article, width: width, style: Style(enabled: false))
            #expect(!page.unicodeScalars.contains { $0 != "\n" && Sanitised.isUnsafe($0) })
        }
        #expect(!article.json().text.unicodeScalars.contains(where: Sanitised.isUnsafe))
    }

    @Test func widths() {
        for text in ["Cần Thơ", NormalForm.nfd("Cần Thơ")] {
            #expect(DisplayWidth.of(text) == 7)
            #expect(text.padded(to: 9) == text + "  ")
            #expect(text.cut(to: 5) == NormalForm.nfc("Cần …"))
            #expect(text.cut(to: 7) == text)
        }
        #expect(DisplayWidth.of("漢字") == 4)
        #expect("漢字".cut(to: 3) == "漢…")
        #expect(DisplayWidth.of("a\u{200b}b") == 2)
        #expect("".cut(to: 3) == "")
    }

    @Test func wrapping() {
        #expect(Wrapping.fill("một hai ba bốn", width: 7) == ["một hai", "ba bốn"])
        #expect(Wrapping.fill(NormalForm.nfd("một hai ba bốn"), width: 7).count == 2)
        #expect(Wrapping.fill("  a   b  ", width: 10) == ["a b"])
        #expect(Wrapping.fill("abcdefgh ij", width: 3) == ["abc", "def", "gh", "ij"])
        #expect(Wrapping.fill("", width: 5) == [""])
        #expect(Wrapping.fill("漢字漢字", width: 3) == ["漢", "字", "漢", "字"])
        #expect(Wrapping.fill("abc", width: 0) == ["a", "b", "c"])
    }

    @Test func tables() {
        var table = Table([.init("A"), .init("B", rightAligned: true), .init("C", flexible: true)])
        table.append(["x", "10", "một câu rất dài"])
        table.append(["yy", "1", "ngắn"])
        #expect(
            table.lines(width: 19, style: Style(enabled: false)) == [
                "A    B  C", "x   10  một câu rấ…", "yy   1  ngắn",
            ])
        #expect(table.lines(width: nil, style: Style(enabled: false))[1] == "x   10  một câu rất dài")
    }

    @Test func quantities() {
        #expect(Quantity.grouped(33759) == "33,759")
        #expect(Quantity.grouped(-1000) == "-1,000")
        #expect(Quantity.grouped(999) == "999")
        #expect(Quantity.grouped(UInt64.max) == "18,446,744,073,709,551,615")
        #expect(Quantity.bytes(1536) == "1.5 KiB")
        #expect(Quantity.bytes(12) == "12 B")
        #expect(Quantity.bytes(UInt64(3) << 40) == "3.0 TiB")
        #expect(Quantity.duration(nanoseconds: 850) == "850 ns")
        #expect(Quantity.duration(nanoseconds: 12_500) == "12.5 µs")
        #expect(Quantity.duration(nanoseconds: 1_500_000_000) == "1.50 s")
        #expect(Quantity.span(seconds: 90061) == "1 d 1 h")
        #expect(Quantity.clock(seconds: 3909) == "1:05:09")
        #expect(Quantity.clock(seconds: .infinity) == "--:--")
        #expect(Quantity.fixed(1.005, 2) == "1.00" || Quantity.fixed(1.005, 2) == "1.01")
        #expect(Quantity.fixed(-0.05, 1) == "-0.1")
        #expect(Quantity.fixed(.nan, 1) == "nan")
    }

    @Test func progress() {
        let line = Progress.line(count: 1000, fraction: 0.25, elapsed: 2, width: 79)
        #expect(line.hasSuffix("1,000 articles  500/s  25 %  00:06 left"))
        #expect(line.hasPrefix("[==="))
        #expect(line.count <= 79)
        #expect(Progress.line(count: 10, fraction: nil, elapsed: 2, width: 79) == "10 articles  5/s")
        #expect(Progress.line(count: 10, fraction: 0, elapsed: 0, width: 20).count <= 20)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import JSONTree
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

    @Test func widthsAsTerminalsHaveThem() {
        #expect(DisplayWidth.of("⚡é") == 3)
        #expect(DisplayWidth.of("👩\u{200d}👩\u{200d}👧") == 2, "one picture")
        #expect(DisplayWidth.of("🇻🇳") == 2)
        #expect(DisplayWidth.of("ｶﾅ") == 2)
        #expect(DisplayWidth.of("\u{1b}[31mđỏ\u{1b}[0m") == 2, "colours take no room")
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

    @Test func whatGivesWayWhereThereIsNoRoom() {
        var table = Table([
            .init("ID"), .init("TIME", rank: 1), .init("SOURCE", atMost: 8, rank: 2),
            .init("TITLE", flexible: true, atLeast: 6),
        ])
        table.append(["0123456789", "2009-06-15", "Mic.gov.vn", "Cần Thơ đón đoàn"], colours: [2: .red])
        func row(_ width: Int?) -> String { table.lines(width: width, style: Style(enabled: false))[1] }
        #expect(row(nil) == "0123456789  2009-06-15  Mic.gov…  Cần Thơ đón đoàn")
        #expect(row(50) == "0123456789  2009-06-15  Mic.gov…  Cần Thơ đón đoàn")
        #expect(row(40) == "0123456789  2009-06-15  Mic.gov…  Cần T…")
        #expect(row(39) == "0123456789  Mic.gov…  Cần Thơ đón đoàn")
        #expect(row(20) == "0123456789  Cần Thơ…")
        #expect(row(18) == "0123456789  Cần T…")
        #expect(row(5) == "0123456789  Cần T…", "ids stay whole")
        #expect(table.lines(width: 39, style: Style(enabled: true))[1].contains("\u{1b}[31mMic.gov…\u{1b}[0m  Cần"))
        for width in 18...60 {
            for line in table.lines(width: width, style: Style(enabled: true)) {
                #expect(DisplayWidth.of(line) <= width)
            }
        }
        // A later batch under the same head.
        var next = Table(table.columns)
        next.append(["0123456789", "", "", "Một tựa đề dài hơn cột của nó"])
        #expect(next.lines(in: table.layout(width: 20), style: Style(enabled: false)) == ["0123456789  Một tựa…"])
    }

    @Test func facts() {
        var facts = Facts()
        facts.append("storage", ["33,759 articles", "45.6 MiB used", "1 write"])
        facts.append("checked", ["not yet"])
        #expect(
            facts.lines(width: nil) == ["storage  33,759 articles, 45.6 MiB used, 1 write", "checked  not yet"])
        #expect(
            facts.lines(width: 40) == [
                "storage  33,759 articles, 45.6 MiB used,", "         1 write", "checked  not yet",
            ])
        #expect(facts.lines(width: 10).count == 4)
    }

    @Test func linesOfAShell() {
        let line = "articlectl store --topic kinh-doanh story.txt"
        #expect(Wrapping.shellLine(line, indent: 2, width: 80) == ["  " + line])
        #expect(
            Wrapping.shellLine(line, indent: 2, width: 40) == [
                "  articlectl store --topic kinh-doanh \\", "      story.txt",
            ])
        #expect(
            Wrapping.hanging("một hai /tmp/a/long/path ba", indent: 2, width: 8) == [
                "một hai", "  /tmp/a/long/path", "  ba",
            ])
        #expect(Wrapping.hanging("a  b", indent: 2, width: nil) == ["a  b"])
    }

    @Test func bars() {
        #expect(Bars.bar(8, of: 8, width: 4) == "████")
        #expect(Bars.bar(5, of: 8, width: 4) == "██▌")
        #expect(Bars.bar(1, of: 1_000_000, width: 4) == "▏", "anything is seen")
        #expect(Bars.bar(0, of: 8, width: 4).isEmpty && Bars.bar(0, of: 0, width: 4).isEmpty)
        #expect(Bars.bar(.max, of: .max, width: 3) == "███")
        #expect(Bars.columns([0, 1, 50, 100]) == " ▁▄█")
        #expect(Bars.columns([]).isEmpty)
    }

    @Test func latencies() {
        let bounds: [UInt64] = (0..<23).map { 1000 << UInt64($0) }
        var counts = [UInt64](repeating: 0, count: 24)
        (counts[0], counts[11], counts[23]) = (4, 8, 1)
        let fine = LatencyScale(bounds: bounds, columns: 24)
        #expect(fine.title == "·1µs······1ms·······1s··")
        #expect(fine.histogram(counts) == "▄          █           ▁")
        let coarse = LatencyScale(bounds: bounds, columns: 12)
        #expect(coarse.title.count == 12 && coarse.histogram(counts) == "▄    █     ▁")
        // What a peer may say.
        #expect(LatencyScale(bounds: [], columns: 12).histogram([1, 2, 3]) == "█")
        #expect(LatencyScale(bounds: [5], columns: 0).columns > 0)
    }

    @Test func ages() {
        let minute: Int64 = 60_000
        let day = 1440 * minute
        func age(_ ago: Int64) -> String { Quantity.age(of: 1_000_000_000_000 - ago, now: 1_000_000_000_000) }
        #expect(age(999) == "just now")
        #expect(age(59_999) == "59 s ago")
        #expect(age(3 * minute) == "3 min ago")
        #expect(age(2 * day - 1) == "47 h ago")
        #expect(age(13 * day) == "13 d ago")
        #expect(age(60 * day) == "8 wk ago")
        #expect(age(61 * day) == "2 mo ago")
        #expect(age(730 * day) == "23 mo ago")
        #expect(age(731 * day) == "2 y ago")
        #expect(age(-3 * minute) == "in 3 min")
        #expect(Quantity.age(of: .min, now: .max) == "ages ago")
        #expect(Quantity.age(of: .max, now: .min) == "in ages")
        for power in 0..<62 { #expect(Quantity.age(of: 0, now: 1 << Int64(power)).count <= 11) }
    }

    @Test func numbers() {
        #expect(Quantity.count(1, "article") == "1 article")
        #expect(Quantity.count(0, "article") == "0 articles")
        #expect(Quantity.count(33759, "article") == "33,759 articles")
        #expect(Quantity.count(2, "index entry", "index entries") == "2 index entries")
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
        #expect(Progress.line(count: 1, fraction: nil, elapsed: 2, width: 79) == "1 article  0/s")
        #expect(Progress.line(count: 10, fraction: nil, elapsed: 2, width: 79) == "10 articles  5/s")
        #expect(Progress.line(count: 10, fraction: 0, elapsed: 0, width: 20).count <= 20)
    }
}

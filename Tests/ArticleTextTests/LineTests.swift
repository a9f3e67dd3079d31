// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleText

/// Lines that are not the article's own, and small matters.
@Suite struct LineTests {
    @Test(
        arguments: [
            ("ĐÁNH GIÁ BÀI VIẾT( 0)", 0, 0), ("Đánh giá bài viết (12)", 12, 0), ("Đánh giá: 4/5 (3 lượt)", 3, 12),
            ("ĐÁNH GIÁ BÀI VIẾT ( 1.204 lượt )", 1204, 0), ("Rating: 4.5/5 - 2 votes", 2, 9),
        ] as [(String, UInt64, Int64)]) func ratings(_ line: String, _ count: UInt64, _ sum: Int64)
    {
        #expect(RatingLine.rating(in: line) == Rating(count: count, sum: sum))
        #expect(RatingLine.rating(in: NormalForm.nfd(line)) == Rating(count: count, sum: sum))
    }

    @Test(arguments: ["Đánh giá cao 5 tỉnh", "ĐÁNH GIÁ BÀI VIẾT", "(12)", "Xếp hạng 3 toàn quốc"])
    func noRatings(_ line: String) { #expect(RatingLine.rating(in: line) == nil) }

    @Test func ratingOnTwoLines() throws {
        let text = try PlainText(Array("Tựa\n\nHôm nay trời đẹp.\n\nĐÁNH GIÁ BÀI VIẾT\n( 7)\n".utf8))
        #expect(text.rating == Rating(count: 7))
    }

    @Test func dates() {
        #expect(CivilDate.days(year: 1970, month: 1, day: 1) == 0)
        #expect(CivilDate.days(year: 2000, month: 3, day: 1) == 11017)
        #expect(CivilDate.days(year: 2009, month: 2, day: 29) == nil)
        for day in stride(from: Int64(-719_162), through: 2_932_896, by: 997) {
            let date = CivilDate.date(ofDay: day)
            #expect(CivilDate.days(year: date.year, month: date.month, day: date.day) == day)
        }
    }

    @Test(
        arguments: [
            ("15/06/2009", 1_244_998_800_000), ("Cập nhật lúc 10h20, 15/6/2009", 1_245_036_000_000),
            ("Ngày 15 tháng 6 năm 2009", 1_244_998_800_000), ("2009-06-15 10:20:35", 1_245_036_000_000),
            ("Mon, 15 Jun 2009 10:20:00 +0700", 1_245_036_000_000), ("June 15, 2009 10:20 AM", 1_245_036_000_000),
            ("2009-06-15T03:20:00Z", 1_245_036_000_000), ("10:20 | 15/06/2009 GMT+7", 1_245_036_000_000),
        ] as [(String, Int64)]) func publicationLines(_ line: String, _ time: Int64)
    {
        #expect(PublicationLine.time(in: line) == time)
    }

    @Test(arguments: [
        "15/13/2009", "Ngày 15/06/2009, đoàn công tác", "10:20", "1.204.2009", "2009", "20090615", "May", "Ngày 15",
        "15/06",
    ])
    func noPublicationLines(_ line: String) { #expect(PublicationLine.time(in: line) == nil) }

    @Test func slugs() {
        #expect(NormalForm.slug("Chính trị - Xã hội") == "chinh-tri-xa-hoi")
        #expect(NormalForm.slug(NormalForm.nfd("Đời sống")) == "doi-song")
        #expect(NormalForm.slug("Chinh tri Xa hoi") == "chinh-tri-xa-hoi")
        #expect(NormalForm.slug("***") == "")
    }

    @Test func languages() {
        #expect(LanguageGuess.language(of: "Hôm nay trời đẹp quá") == "vi")
        #expect(
            LanguageGuess.language(of: "The minister of the interior was in the city to speak with the press") == "en")
        #expect(LanguageGuess.language(of: "Le ministre était à l'hôtel où il a été reçu") == "")
        #expect(LanguageGuess.language(of: "12345") == "")
    }

    @Test func linesOfEveryKind() {
        func lines(_ text: String) -> [String] {
            let lines = TextLines(Array(text.utf8))
            return lines.lines.map { ($0.isSetApart ? "|" : "") + lines.text($0) }
        }
        #expect(lines("a\r\nb\r\n\r\nc") == ["|a", "b", "|c"])
        #expect(lines("a\rb\r\rc") == ["|a", "b", "|c"])
        #expect(lines("\u{feff}a\n\u{a0}\u{3000}b \n \n\u{c}c\n") == ["|a", "b", "|c"])
        #expect(lines("") == [])
        #expect(lines("\n\n") == [])
    }
}

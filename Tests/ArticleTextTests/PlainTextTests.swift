// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleText

/// Whole files: what is read off, and that nothing is lost.
@Suite struct PlainTextTests {
    static let report = """
        Đoàn công tác Bộ Thông tin và Truyền thông làm việc tại TP Cần Thơ

        (Mic.gov.vn) - Vừa qua, đoàn công tác đã thăm và làm việc với UBND thành phố Cần Thơ.

        Tại buổi làm việc, Giám đốc Sở đã báo cáo các nội dung chính.

        PQH

        ĐÁNH GIÁ BÀI VIẾT( 0)
        """

    private func article(_ text: String) throws -> Article {
        let article = try Article(plainText: Array(text.utf8))
        #expect(article.originalBytes == Array(text.utf8))
        return article
    }

    @Test func understandsAMinistrysReport() throws {
        let article = try article(Self.report)
        #expect(article.title == "Đoàn công tác Bộ Thông tin và Truyền thông làm việc tại TP Cần Thơ")
        #expect(article.source == "Mic.gov.vn")
        #expect(article.author == "PQH")
        #expect(article.rating == Rating(count: 0))
        #expect(article.language == "vi")
        #expect(article.body.hasPrefix("(Mic.gov.vn) - Vừa qua"))
        #expect(article.body.hasSuffix("các nội dung chính."))
        #expect(article.body.split(separator: "\n").count == 2)
    }

    @Test func understandsTheSameInNFD() throws {
        let decomposed = Self.report.decomposed
        #expect(Array(decomposed.utf8) != Array(Self.report.utf8))
        let article = try article(decomposed)
        #expect(article.title == "Đoàn công tác Bộ Thông tin và Truyền thông làm việc tại TP Cần Thơ")
        #expect(
            Array(article.title.utf8) != Array(article.title.precomposed.utf8), "the title is kept as it was written")
        #expect(article.source == "Mic.gov.vn")
        #expect(article.author == "PQH")
        #expect(article.rating == Rating(count: 0))
        #expect(article.language == "vi")
    }

    @Test(arguments: ["\r\n", "\r", "\n\u{c}\n", "\n \t \n"]) func understandsItWithOtherLineEnds(_ end: String) throws
    {
        let article = try article("\u{feff}" + Self.report.replacing("\n", with: end) + end + end)
        #expect(article.title == "Đoàn công tác Bộ Thông tin và Truyền thông làm việc tại TP Cần Thơ")
        #expect(article.source == "Mic.gov.vn")
        #expect(article.author == "PQH")
        #expect(article.rating == Rating(count: 0))
        #expect(article.body.hasPrefix("(Mic.gov.vn)"))
        #expect(article.body.hasSuffix("chính."))
    }

    @Test func aSourceInNFDIsComparedInNFC() throws {
        let article = try article("Tựa đề\n\n(Dân trí) - Một đoạn.".decomposed)
        #expect(Array(article.source.utf8) == Array("Dân trí".precomposed.utf8))
    }

    @Test func aFileOfOnlyAHeadline() throws {
        for text in ["Chỉ có tựa đề", "Chỉ có tựa đề\n\n", "\n\n  Chỉ có tựa đề"] {
            let article = try article(text)
            #expect(article.title == "Chỉ có tựa đề")
            #expect(article.body == "")
        }
    }

    @Test func textWithoutAHeadline() throws {
        let article = try article("(TTXVN) - Đoạn một, không có tựa đề.\n\nĐoạn hai.\n")
        #expect(article.title == "")
        #expect(article.source == "TTXVN")
        #expect(article.body == "(TTXVN) - Đoạn một, không có tựa đề.\n\nĐoạn hai.")
        let plain = try self.article("Đoạn một kết thúc bằng dấu chấm.\n\nĐoạn hai.\n")
        #expect(plain.title == "")
        #expect(plain.body == "Đoạn một kết thúc bằng dấu chấm.\n\nĐoạn hai.")
    }

    @Test func aVeryLongLineIsABody() throws {
        let line = String(repeating: "Một câu dài không xuống dòng. ", count: 20_000)
        let article = try article(line)
        #expect(article.title == "")
        #expect(article.body.utf8.count + 1 == line.utf8.count)
    }

    @Test func headlines() throws {
        #expect(try article("TIN NÓNG TRONG NGÀY\nHôm nay trời đẹp.").title == "TIN NÓNG TRONG NGÀY")
        #expect(try article("Ai sẽ thắng?\n\nHôm nay trời đẹp.").title == "Ai sẽ thắng?")
        #expect(try article("Sau cơn mưa...\n\nHôm nay trời đẹp.").title == "Sau cơn mưa...")
        #expect(
            try article("Một tựa đề dài bị\nngắt thành hai dòng\n\nHôm nay trời đẹp.").title
                == "Một tựa đề dài bị ngắt thành hai dòng")
        #expect(try article("Tựa có dấu chấm.\n\n(Mic.gov.vn) - Hôm nay.").title == "Tựa có dấu chấm.")
        #expect(try article("Trang chủ > Tin tức\nTựa đề\n\nHôm nay trời đẹp.").title == "Tựa đề")
        // A hard-wrapped paragraph is no headline.
        #expect(try article("Hôm nay trời đẹp và\nmọi người đi chơi.\n\nMai cũng vậy.").title == "")
    }

    @Test func theTimeOfPublication() throws {
        let article = try article("Tựa đề\n\nThứ Hai, 15/06/2009 10:20 (GMT+7)\n\n(Mic.gov.vn) - Hôm nay trời đẹp.")
        #expect(article.publishedAt == 1_245_036_000_000)
        #expect(article.body == "(Mic.gov.vn) - Hôm nay trời đẹp.")
    }

    @Test func theSourceBehindAnIntroduction() throws {
        let article = try article(
            "Tựa đề\n\nMột lời dẫn ngắn.\n\n(VnExpress) – Hôm nay trời đẹp.\n\n(TTXVN) - Mai cũng vậy.")
        #expect(article.source == "VnExpress")
        #expect(article.body.hasPrefix("Một lời dẫn"))
    }

    @Test func furnitureAtTheEnd() throws {
        let article = try article(
            """
            Tựa đề

            Hôm nay trời đẹp.

            Nguyễn Văn A

            Lượt xem: 1.204
            In | Gửi email | Chia sẻ
            Bình luận (3)
            ĐÁNH GIÁ BÀI VIẾT: 4,5/5 (12 lượt)

            Các tin khác:
            - Một tựa đề khác (15/06/2009)
            - Tựa đề khác nữa
            """)
        #expect(article.author == "Nguyễn Văn A")
        #expect(article.rating == Rating(count: 12, sum: 54))
        #expect(article.body == "Hôm nay trời đẹp.")
    }

    @Test func theLastParagraphIsNotFurniture() throws {
        for last in [
            "Chia sẻ với báo chí, ông nói sẽ làm.", "Đánh giá cao kết quả 5 tháng.", "In ấn phát triển.",
            "Theo kế hoạch, dự án sẽ xong năm 2010.",
        ] {
            let article = try article("Tựa đề\n\nHôm nay trời đẹp.\n\n" + last)
            #expect(article.body.hasSuffix(last))
            #expect(article.author == "")
        }
    }

    @Test func onlyFurnitureIsKept() throws {
        let article = try article("Chia sẻ\nIn bài\n")
        #expect(article.body == "Chia sẻ\nIn bài")
    }

    @Test func refusals() {
        func failure(_ bytes: [UInt8]) -> PlainTextError? {
            do throws(PlainTextError) {
                _ = try PlainText(bytes)
                return nil
            } catch {
                return error
            }
        }
        let broken = failure(Array("Tựa đề\nThân ".utf8) + [0xe1, 0xbb] + Array(" bài".utf8))
        #expect(broken?.code == .encoding)
        #expect(broken?.offset == Array("Tựa đề\nThân ".utf8).count)
        #expect(broken?.message.contains("line 2") == true)
        #expect(failure([0xff, 0xfe, 0x41, 0x00])?.message.contains("UTF-16") == true)
        #expect(failure([0x41, 0x00, 0x42])?.code == .binary)
        for blank in ["", " \n\t\r\n", "\u{feff}\n"] { #expect(failure(Array(blank.utf8))?.code == .empty) }
    }

    @Test func anyCutOfAFileKeepsItsBytes() throws {
        let bytes = Array(Self.report.utf8)
        for end in bytes.indices where bytes[end] & 0xc0 != 0x80 && end > 0 {
            let article = try Article(plainText: Array(bytes[..<end]))
            #expect(article.originalBytes == Array(bytes[..<end]))
        }
    }
}

extension String {
    /// NFC, and NFD for the letters of these tests.
    var precomposed: String { NormalForm.nfc(self) }
    var decomposed: String { NormalForm.nfd(self) }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleText

@Suite struct SignatureTests {
    @Test(
        arguments: [
            ("PQH", "PQH", nil), ("(PQH)", "PQH", nil), ("P.Q.H.", "P.Q.H.", nil), ("T.H", "T.H", nil),

            ("N.T - M.H", "N.T - M.H", nil), ("Nguyễn Văn A", "Nguyễn Văn A", nil),
            ("NGUYỄN VĂN A", "NGUYỄN VĂN A", nil),
            ("Hà Anh - Minh Tú", "Hà Anh - Minh Tú", nil), ("Lan Hương và Quốc Huy", "Lan Hương và Quốc Huy", nil),
            ("Hiếu", "Hiếu", nil), ("Phóng viên", "Phóng viên", nil), ("Nhóm PV", "Nhóm PV", nil),
            ("Theo VnExpress", "Theo VnExpress", "VnExpress"), ("(Theo TTXVN)", "Theo TTXVN", "TTXVN"),
            ("Theo Người Lao Động", "Theo Người Lao Động", "Người Lao Động"),
            ("theo mic.gov.vn", "theo mic.gov.vn", "mic.gov.vn"),
            ("Nguồn: ICTnews", "Nguồn: ICTnews", "ICTnews"), ("M.C. (theo BBC)", "M.C.", "BBC"),
            ("Ngọc Sơn theo Time", "Ngọc Sơn", "Time"),
            ("T.H (tổng hợp)", "T.H", nil), ("Theo Bưu điện Việt Nam", "Theo Bưu điện Việt Nam", "Bưu điện Việt Nam"),
            ("Theo báo Đầu tư", "Theo báo Đầu tư", "Đầu tư"), ("PQH (Theo Chinhphu.vn)", "PQH", "Chinhphu.vn"),
            ("PV/Vietnam+", "PV/Vietnam+", nil),
            ("Tác giả: Nguyễn Văn A", "Nguyễn Văn A", nil),
            ("Bài và ảnh: Trần B", "Trần B", nil),
        ] as [(String, String, String?)]) func isOne(_ line: String, _ author: String, _ source: String?)
    {
        let signature = Signature(line)
        #expect(signature?.author == author)
        #expect(signature?.source == source)
        #expect(Signature(NormalForm.nfd(line))?.author == author)
    }

    @Test(arguments: [
        "Hết", "Xin cảm ơn ông.", "Theo kế hoạch, dự án sẽ hoàn thành.", "Cách làm:", "Còn tiếp", "12", "QK7",
        "Bắc, Trung Mỹ và vùng Caribe).",
        "Hội nghị đã thành công.", "Danh sách:", "", "-", "...", "Anh ấy đã về", "http://mic.gov.vn",
    ]) func isNone(_ line: String) {
        #expect(Signature(line) == nil)
    }

    private func author(_ end: String) throws -> (author: String, source: String, body: String) {
        let article = try Article(plainText: Array(("Tựa đề\n\nHôm nay trời đẹp.\n" + end).utf8))
        return (article.author, article.source, article.body)
    }

    @Test func nameAndCreditOnTwoLines() throws {
        #expect(try author("Minh Anh\n(Theo BBC)") == ("Minh Anh", "BBC", "Hôm nay trời đẹp."))
        #expect(try author("(Theo BBC)\nMinh Anh") == ("Minh Anh", "BBC", "Hôm nay trời đẹp."))
    }

    @Test func atTheEndOfTheLastParagraphItStaysThere() throws {
        #expect(
            try author("Mai cũng vậy. (Theo TTXVN)") == (
                "Theo TTXVN", "TTXVN", "Hôm nay trời đẹp.\nMai cũng vậy. (Theo TTXVN)"
            ))
        #expect(try author("Mai cũng vậy./. PQH") == ("PQH", "", "Hôm nay trời đẹp.\nMai cũng vậy./. PQH"))
    }

    @Test func anOfficeThatStandsAlone() throws {
        #expect(try author("\nTrung tâm Thông tin").author == "Trung tâm Thông tin")
        #expect(try author("\nSở TT&TT Cần Thơ").author == "Sở TT&TT Cần Thơ")
        #expect(try author("Trung tâm Thông tin").author == "")
        #expect(try author("\nSở tiếp tục tham mưu cho UBND và các ngành trên địa bàn tỉnh").author == "")
    }

    @Test func aListOfNamesIsNoSignature() throws {
        let list = "Danh sách trúng thưởng:\nNguyễn Văn A\nTrần Thị B\nLê Văn C"
        #expect(try author(list).author == "")
        #expect(try author(list).body.hasSuffix("Lê Văn C"))
    }

    @Test func theDatelineWinsOverTheCredit() throws {
        let article = try Article(plainText: Array("Tựa đề\n\n(Mic.gov.vn) - Hôm nay trời đẹp.\n\nTheo VnExpress".utf8))
        #expect(article.source == "Mic.gov.vn")
        #expect(article.author == "Theo VnExpress")
    }
}

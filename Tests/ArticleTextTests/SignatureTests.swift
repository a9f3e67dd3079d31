// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleText

@Suite struct SignatureTests {
    /// Of each line the author ("" if it names none) and the source.
    // swift-format-ignore
    static let usual: [(line: String, author: String, source: String?)] = [
        // Names and initials.
        ("PQH", "PQH", nil), ("(PQH)", "PQH", nil), ("P.Q.H.", "P.Q.H.", nil), ("T.H", "T.H", nil), ("T. H.", "T. H.", nil),
        ("N.T - M.H", "N.T - M.H", nil), ("Nguyễn Văn A", "Nguyễn Văn A", nil), ("NGUYỄN VĂN A", "NGUYỄN VĂN A", nil),
        ("Hà Anh - Minh Tú", "Hà Anh - Minh Tú", nil), ("Lan Hương và Quốc Huy", "Lan Hương và Quốc Huy", nil),
        ("Hiếu", "Hiếu", nil), ("Phóng viên", "Phóng viên", nil), ("Nhóm PV", "Nhóm PV", nil), ("PV", "PV", nil),
        ("P.V", "P.V", nil), ("Q. Huy", "Q. Huy", nil), ("- Lan Chi", "Lan Chi", nil), ("*Lan Chi", "Lan Chi", nil),
        ("Lan Chi/Minh Tú", "Lan Chi/Minh Tú", nil), ("ND", "ND", nil), ("Bạn đọc", "Bạn đọc", nil),
        // Labels.
        ("Tác giả: Nguyễn Văn A", "Nguyễn Văn A", nil), ("Bài và ảnh: Trần B", "Trần B", nil),
        ("Tin, ảnh: Lan Chi - Minh Tú", "Lan Chi - Minh Tú", nil), ("Thực hiện: Nhóm PV", "Nhóm PV", nil),
        ("Tác giả: Lan Chi (Theo VnExpress)", "Lan Chi", "VnExpress"), ("PV: Lan Chi", "Lan Chi", nil),
        ("Người dịch: Lan Chi (theo BBC)", "Lan Chi", "BBC"),
        // A source alone is no author.
        ("Theo VnExpress", "", "VnExpress"), ("(Theo TTXVN)", "", "TTXVN"), ("(Theo VnExpress)", "", "VnExpress"),
        ("Theo Người Lao Động", "", "Người Lao Động"), ("theo mic.gov.vn", "", "mic.gov.vn"),
        ("Nguồn: ICTnews", "", "ICTnews"), ("Nguồn: VnExpress", "", "VnExpress"), ("Nguồn VnExpress", "", "VnExpress"),
        ("Nguồn tin: Dân trí", "", "Dân trí"), ("NGUỒN: VNEXPRESS", "", "VNEXPRESS"), ("Theo: Dân trí", "", "Dân trí"),
        ("Theo Bưu điện Việt Nam", "", "Bưu điện Việt Nam"), ("Theo báo Đầu tư", "", "Đầu tư"),
        ("Theo Báo Mới", "", "Báo Mới"), ("Theo báo Tin tức", "", "Tin tức"), ("Theo Báo Tin tức", "", "Báo Tin tức"), ("Theo Tạp chí Xây dựng", "", "Xây dựng"),
        ("Nguồn: http://www.xaluan.com/tin/1.html", "", "xaluan.com"), ("Nguồn: www.mic.gov.vn", "", "mic.gov.vn"),
        ("Nguồn: Theo Dân trí", "", "Dân trí"), ("Theo Reuters (Anh)", "", "Reuters"), ("Theo BBC (tổng hợp)", "", "BBC"),
        ("Theo Guardian (Anh)", "", "Guardian"), ("Tổng hợp từ Dân trí", "", "Dân trí"), ("Dịch từ BBC", "", "BBC"),
        ("Theo TTXVN/Vietnam+", "", "TTXVN/Vietnam+"), ("(Nguồn: TTXVN)", "", "TTXVN"),
        // Agencies.
        ("TTXVN", "", "TTXVN"), ("TTO", "", "TTO"), ("(TTXVN)", "", "TTXVN"), ("VnExpress", "", "VnExpress"),
        ("PV/TTXVN", "PV", "TTXVN"), ("PV (TTXVN)", "PV", "TTXVN"), ("PV/Vietnam+", "PV", "Vietnam+"),
        ("TTXVN/Vietnam+", "", "TTXVN/Vietnam+"), ("Lan Chi/VnExpress", "Lan Chi", "VnExpress"),
        ("Lan Chi (TTXVN)", "Lan Chi", "TTXVN"), ("Lan Chi - VnExpress", "Lan Chi", "VnExpress"),
        ("Lan Chi - VOV.VN", "Lan Chi", "VOV.VN"), ("PV - TTXVN", "PV", "TTXVN"),
        // A person and a source.
        ("Theo Lan Chi (VnExpress)", "Lan Chi", "VnExpress"), ("Theo Lan Chi/VnExpress", "Lan Chi", "VnExpress"),
        ("Theo Lan Chi - VnExpress", "Lan Chi", "VnExpress"), ("Lan Chi - Theo Báo Mới", "Lan Chi", "Báo Mới"),
        ("Lan Chi – Theo Báo Mới", "Lan Chi", "Báo Mới"), ("Lan Chi (theo VnExpress)", "Lan Chi", "VnExpress"),
        ("Lan Chi (Theo báo Đầu tư)", "Lan Chi", "Đầu tư"), ("Lan Chi, theo VnExpress", "Lan Chi", "VnExpress"),
        ("M.C. (theo BBC)", "M.C.", "BBC"), ("Ngọc Sơn theo Time", "Ngọc Sơn", "Time"), ("T.H (tổng hợp)", "T.H", nil),
        ("PQH (Theo Chinhphu.vn)", "PQH", "Chinhphu.vn"), ("Lan Chi (Nguồn: Dân trí)", "Lan Chi", "Dân trí"),
        ("Lan Chi (dịch theo BBC)", "Lan Chi", "BBC"), ("T.H (lược dịch theo Time)", "T.H", "Time"),
        ("Nguồn: Lan Chi/VnExpress", "Lan Chi", "VnExpress"), ("Lan Chi - Nguồn: VnExpress", "Lan Chi", "VnExpress"),
        ("VnExpress (theo BBC)", "", "BBC"),
        // Who made the pictures is no author.
        ("Ảnh: Minh", "", nil), ("Lan Chi - Ảnh: Minh", "Lan Chi", nil), ("Lan Chi (Ảnh: Minh Tú)", "Lan Chi", nil),
        ("Lan Chi; Ảnh: Minh", "Lan Chi", nil), ("Lan Chi. Ảnh: Minh", "Lan Chi", nil), ("T.H. - Ảnh: M.T.", "T.H.", nil),
        ("Lan Chi (theo BBC) - Ảnh: AFP", "Lan Chi", "BBC"), ("Nguồn ảnh: Reuters", "", nil),
    ]

    @Test(arguments: usual.indices) func isOne(_ index: Int) throws {
        let (line, author, source) = Self.usual[index]
        for text in [line, NormalForm.nfd(line)] {
            let signature = try #require(Signature(text), "\(line)")
            #expect(signature.author == author, "\(line)")
            #expect(signature.source == source, "\(line)")
        }
    }

    @Test(arguments: [
        "Hết", "Xin cảm ơn ông.", "Theo kế hoạch, dự án sẽ hoàn thành.", "Cách làm:", "Còn tiếp", "12", "QK7",
        "Bắc, Trung Mỹ và vùng Caribe).", "Theo kế hoạch của tỉnh", "Theo ông Nam, việc này đã xong", "Nguồn: chưa rõ",
        "Hội nghị đã thành công.", "Danh sách:", "", "-", "...", "Anh ấy đã về", "http://mic.gov.vn", "Nguồn:", "Theo",
        "Ảnh:", "Hà Nội", "Tổng hợp", "TỔNG HỢP", "Nguồn lực của tỉnh còn hạn chế", "Nguồn vốn: ngân sách",
        "Theo đó, giá tăng", "()", "(/)",
        "/",
        "Lan Chi/", "Tác giả:", "A/B/C", "Theo (", "Ảnh hưởng: không lớn", "Kết quả: 3/4", "Giá: 25.000 đồng",
    ]) func isNone(_ line: String) {
        #expect(Signature(line) == nil, "\(String(describing: Signature(line)))")
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
                "", "TTXVN", "Hôm nay trời đẹp.\nMai cũng vậy. (Theo TTXVN)"
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
        #expect(article.author == "")
    }

    @Test func picturesAndLinksBehindAName() throws {
        #expect(try author("Lan Chi\nẢnh: Minh") == ("Lan Chi", "", "Hôm nay trời đẹp."))
        #expect(try author("Ảnh: Minh\nLan Chi\nTheo Báo Mới") == ("Lan Chi", "Báo Mới", "Hôm nay trời đẹp."))
        #expect(try author("Ảnh: Minh") == ("", "", "Hôm nay trời đẹp.\nẢnh: Minh"))
        #expect(
            try author("Lan Chi\n>> Xem thêm: Một tựa đề khác\n>> Tựa đề khác nữa\nXếp hạng: 4/5 sao") == (
                "Lan Chi", "", "Hôm nay trời đẹp."
            ))
        #expect(try author("Lan Chi\n>> Xem thêm") == ("Lan Chi", "", "Hôm nay trời đẹp."))
    }

    /// The number of votes is not known, and none is made up.
    @Test(arguments: ["Xếp hạng: 4/5 sao", "Xếp hạng: 4,5/5", "Đánh giá: ★★★★☆", "Rating: 8/10"])
    func aRatingWithoutVotes(_ line: String) throws {
        let article = try Article(plainText: Array("Tựa đề\n\nHôm nay trời đẹp.\n\nLan Chi\n\n\(line)\n".utf8))
        #expect(article.rating == nil && article.attributes == ["rating": line])
        #expect(article.author == "Lan Chi" && article.body == "Hôm nay trời đẹp.")
    }

    @Test(arguments: ["Xếp hạng: 4/5 đội vào vòng sau", "Đánh giá: 4/5 chuyên gia đồng ý"])
    func noRating(_ line: String) throws {
        let article = try Article(plainText: Array("Tựa đề\n\nHôm nay trời đẹp.\n\n\(line)\n".utf8))
        #expect(article.body.hasSuffix(line) && article.attributes.isEmpty)
    }
}

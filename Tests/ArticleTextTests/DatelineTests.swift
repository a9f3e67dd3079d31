// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleText

@Suite struct DatelineTests {
    @Test(arguments: [
        ("(Mic.gov.vn) - Vừa qua, đoàn công tác", "Mic.gov.vn"),
        ("(MIC.GOV.VN)- Vừa qua", "MIC.GOV.VN"),
        ("( Mic.gov.vn ) – Vừa qua", "Mic.gov.vn"),
        ("(mic.gov.vn): Vừa qua", "mic.gov.vn"),
        ("(Mic.gov.vn, 15/6/2009) - Vừa qua", "Mic.gov.vn"),
        ("[Mic.gov.vn] — Vừa qua", "Mic.gov.vn"),
        ("（Mic.gov.vn） － Vừa qua", "Mic.gov.vn"),
        ("(TTXVN) -Ngày 12/3", "TTXVN"),
        ("(TTXVN) Sáng nay", "TTXVN"),
        ("(Dân trí) – Ngày 12/3", "Dân trí"),
        ("(Dân trí) “Không thể như vậy”", "Dân trí"),
        ("(Người Lao Động) - Ngày 12/3", "Người Lao Động"),
        ("(Theo TTXVN) - Ngày 12/3", "TTXVN"),
        ("(TTXVN/Vietnam+) - Ngày 12/3", "TTXVN/Vietnam+"),
        ("Hà Nội (VNA) — Việt Nam", "VNA"),
        ("Hà Nội (TTXVN) - Sáng nay", "TTXVN"),
        ("TP.HCM, 12/3 (NLĐ) – Sáng nay", "NLĐ"),
        ("Cần Thơ, ngày 5-6-2009 (ICTnews) - Sáng nay", "ICTnews"),
        ("VTV.vn - Sáng nay", "VTV.vn"),
        ("TTO - Sáng nay", "TTO"),
        ("ICTnews – Sáng nay", "ICTnews"),
        ("(24h.com.vn) - Sáng nay", "24h.com.vn"),
        ("(Mic.gov.vn) - (ICTnews) - Sáng nay", "Mic.gov.vn"),
    ]) func namesTheSource(_ beginning: String, _ source: String) {
        #expect(Dateline.source(in: beginning) == source)
        #expect(Dateline.source(in: NormalForm.nfd(beginning)).map { NormalForm.nfc($0) } == source)
    }

    @Test(arguments: [
        "Vừa qua, đoàn công tác (gồm 5 người) - do Thứ trưởng dẫn đầu - đã thăm",
        "(Ảnh: Minh Tú) - Một cảnh",
        "(Tiếp theo kỳ trước) - Ông nói",
        "(12/3) - Sáng nay",
        "(12) - Sáng nay",
        "(trái) - ông A",
        "(Xem ảnh) - Sáng nay",
        "HÀ NỘI, 12/3 - Sáng nay",
        "Ông Nguyễn Văn A (SN 1960) bị bắt",
        "Bộ trưởng (TTXVN) đã nói",
        "UBND - cơ quan hành chính",
        "Nam - nữ bình đẳng",
        "(không đóng ngoặc - Sáng nay",
        "",
        "(",
        "()",
        "() - ",
    ]) func namesNone(_ beginning: String) {
        #expect(Dateline.source(in: beginning) == nil)
    }
}

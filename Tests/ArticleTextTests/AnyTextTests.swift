// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleText

/// Texts put together at random from what means something to the parser: it never fails, and nothing is lost.
@Suite struct AnyTextTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {  // SplitMix64
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
    }

    private static let pieces = [
        "(", ")", "[", "]", "（", "-", "–", ":", "/", ".", "./.", ",", " ", "  ", "\t", "\u{a0}", "\u{3000}", "\u{feff}",
        "\u{200b}", "\u{301}",
        "\n", "\r\n", "\r", "\n\n", "\u{c}", "\u{2028}", "Mic.gov.vn", "TTXVN", "(Mic.gov.vn) - ", "Theo ", "theo",
        "Nguồn: ", "PQH", "T.H",
        "Nguyễn Văn A", "và", "ĐÁNH GIÁ BÀI VIẾT( 0)", "Đánh giá: ", "4,5/5", "12", "99999999999999999999",
        "15/06/2009", "10:20", "10h",
        "lượt", "Chia sẻ", "|", "Các tin khác:", "Từ khóa:", "Trang chủ > ", "Hôm nay trời đẹp.", "Tựa đề",
        "e\u{302}\u{323}", "🇻🇳", "👨‍👩‍👧", "漢字", "\u{1b}[31m",
        "ß", "İ", "ǅ", "\u{345}", "\u{1f88}",
    ]

    @Test(arguments: 1...8) func isTakenApartAndPutTogether(_ seed: Int) throws {
        var generator = Generator(state: UInt64(seed))
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                Self.pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let bytes = Array((Bool.random(using: &generator) ? text : NormalForm.nfd(text)).utf8)
            do throws(PlainTextError) {
                let article = try Article(plainText: bytes)
                #expect(article.originalBytes == bytes)
                let encoded = article.encoded()
                #expect(throws: Never.self) { _ = try unsafe ArticleContent(validating: encoded.span.bytes) }
                #expect(!article.title.isEmpty || !article.body.isEmpty)
            } catch {
                #expect(error.code == .empty)
            }
        }
    }
}

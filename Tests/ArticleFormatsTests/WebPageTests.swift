// SPDX-License-Identifier: Apache-2.0
import JSONTree
import Testing

@testable import ArticleFormats

@Suite struct WebPageTests {
    private func page(_ text: String, encoding: String? = "UTF-8") throws -> WebPage {
        try #require(WebPage(Array(text.utf8), encoding: encoding))
    }

    private static let paragraph =
        "Sáng nay, thành phố đã khánh thành tuyến đường sắt đô thị dài mười hai cây số sau bảy năm thi công."

    /// A page as papers have them: menus, a list of other articles, comments.
    private static let whole = """
        <!DOCTYPE html><html lang="vi"><head><title>Khánh thành tuyến số 3 | Báo Mẫu</title>
        <meta property="og:title" content="Khánh thành tuyến số 3"><meta property="og:site_name" content="Báo Mẫu">
        <meta property="og:description" content="Tuyến dài 12 km."><link rel="canonical" href="https://bao.example/3.html">
        <meta property="article:published_time" content="2024-08-08T08:00:00+07:00"><meta name="author" content="An">
        <meta property="article:section" content="Thời sự"></head>
        <body class="has-sidebar"><div id="menu"><ul><li><a href="/">Trang chủ</a></li><li><a href="/x">Kinh tế</a></li></ul></div>
        <div class="wrap"><div class="main"><h1>Khánh thành tuyến số 3</h1><div class="detail">
        <p>\(paragraph)</p><p>Một: \(paragraph)</p><h2>Giá vé</h2><p>Hai: \(paragraph)</p>
        <figure><img src="a.jpg"><figcaption>Ảnh: An</figcaption></figure>
        <div class="box-tinlienquan"><p>\(paragraph) \(paragraph)</p></div></div></div>
        <div class="related"><ul><li><a href="/1">Bài khác về giao thông công cộng của thành phố trong năm nay</a></li></ul></div>
        <div class="comments"><p>Bạn đọc: \(paragraph)</p></div></div>
        <div class="footer"><p>Giấy phép số 1 do Bộ Thông tin và Truyền thông cấp ngày 1 tháng 1 năm 2020 cho báo.</p></div></body></html>
        """

    @Test func theMainText() throws {
        let record = try page(Self.whole).record
        #expect(
            record["body"]
                == .string(
                    "\(Self.paragraph)\n\nMột: \(Self.paragraph)\n\nGiá vé\n\nHai: \(Self.paragraph)\n\nẢnh: An"))
        #expect(record["title"] == .string("Khánh thành tuyến số 3"))
        #expect(record["summary"] == .string("Tuyến dài 12 km."))
        #expect(record["url"] == .string("https://bao.example/3.html"))
        #expect(record["source"] == .string("Báo Mẫu"))
        #expect(record["published_at"] == .string("2024-08-08T08:00:00+07:00"))
        #expect(record["author"] == .string("An"))
        #expect(record["language"] == .string("vi"))
        #expect(record["topics"] == .string("Thời sự"))
    }

    @Test func whatIsSaidInJSONLDComesFirst() throws {
        let data = """
            {"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"x"},{"@type":["NewsArticle"],"headline":"Tựa",
            "articleBody":"Thân &quot;bài&quot; \(Self.paragraph) \(Self.paragraph) \(Self.paragraph)","author":{"@type":"Person","name":"B"},
            "publisher":{"@type":"Organization","name":"Báo"},"datePublished":"2024-01-01","articleSection":"Văn hóa"}]}
            """
        let record = try page(
            Self.whole.replacing(
                "</head>", with: "<script type=\"application/ld+json\">\(data)</script></head>")
        ).record
        #expect(record["title"] == .string("Tựa"))
        guard case .string(let body)? = record["body"] else { throw Unexpected() }
        #expect(body.hasPrefix("Thân \"bài\" Sáng nay"))
        #expect(record["author"]?["name"] == .string("B"))
        #expect(record["published_at"] == .string("2024-01-01"))
        #expect(record["topics"] == .string("Văn hóa"))
        #expect(record["summary"] == .string("Tuyến dài 12 km."))
    }

    private struct Unexpected: Error {}

    /// Pages are cut off, nested without an end, or hold broken JSON-LD.
    @Test func brokenPages() throws {
        #expect(
            try page("<html><head><title>Hà Nội</title></head><body><p>Nội dung.").record["body"]
                == .string("Nội dung."))
        let broken = Self.whole.replacing(
            "</head>", with: "<script type=\"application/ld+json\">{\"@type\":</script></head>")
        #expect(try page(broken).record["title"] == .string("Khánh thành tuyến số 3"))
        let deep = String(repeating: "<div>", count: 200_000) + "Nội dung."
        #expect(try page(deep).lacksText || page(deep).record["body"] != nil)
    }

    @Test func navigationIsNoText() throws {
        let found = try page(
            "<html><head><title>Trang chủ</title></head><body><ul><li><a href=1>Một</a><li><a href=2>Hai</a></ul></body></html>"
        )
        #expect(found.lacksText)
        #expect(found.record["title"] == .string("Trang chủ"))
    }

    @Test func otherEncodings() throws {
        // "Đường" in windows-1258: Đ is D0, ư is FD, ờ is ơ (F5) with a grave (CC).
        let bytes =
            Array("<html><head><meta charset=\"windows-1258\"><title>".utf8) + [0xd0, 0xfd, 0xf5, 0xcc, 0x6e, 0x67]
            + Array("</title></head><body><p>x</p></body></html>".utf8)
        let record = try #require(WebPage(bytes, encoding: nil)).record
        guard case .string(let title)? = record["title"] else { throw Unexpected() }
        #expect(title == "Đường")  // canonically equal
    }

    @Test(arguments: [
        ("<p>a</p><p>b</p>", "a\n\nb"), ("a<br>b<br><br>c", "a\nb\n\nc"), ("a &amp; b\nc", "a & b\nc"),
        ("<ul><li>a<li>b</ul>", "a\nb"), ("<b>a</b>b <i> c</i>", "ab c"), ("<pre>a\n  b</pre>", "a\nb"),
        ("a<script>x</script>b", "ab"), ("1 < 2", "1 < 2"), ("plain", "plain"),
        ("<table><tr><td>1<td>2</table>", "1 2"),
    ]) func textOfMarkup(html: String, text: String) { #expect(MarkupText.of(html: html) == text) }
}

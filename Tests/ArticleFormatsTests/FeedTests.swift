// SPDX-License-Identifier: Apache-2.0
import JSONTree
import Testing

@testable import ArticleFormats

@Suite struct FeedTests {
    /// All entries, and what ended the document. It comes in pieces of `size` bytes.
    private func read(_ text: String, size: Int = 7) throws -> (entries: [Feed.Entry], failure: Feed.Failure?) {
        var rest = Array(text.utf8)[...]
        let feed = try #require(
            Feed(encoding: nil) {
                let piece = rest.prefix(size)
                rest = rest.dropFirst(size)
                return Array(piece)
            })
        var entries: [Feed.Entry] = []
        do throws(Feed.Failure) {
            while let entry = try feed.next() { entries.append(entry) }
        } catch {
            return (entries, error)
        }
        return (entries, nil)
    }

    private func record(_ text: String) throws -> JSON {
        let (entries, failure) = try read(text)
        #expect(failure == nil)
        return try #require(entries.first).record
    }

    @Test func anRSSFeed() throws {
        let (entries, failure) = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
              xmlns:media="http://search.yahoo.com/mrss/">
            <channel><title>Báo Mẫu</title><link>https://bao.example</link><language>vi</language>
            <item><title>Hà Nội &amp;amp; Huế</title><link>https://bao.example/1</link><guid isPermaLink="false">so-1</guid>
            <description><![CDATA[<a href="x"><img src="y"></a>Mở tuyến <b>mới</b>.]]></description>
            <content:encoded><![CDATA[<p>Đoạn một.</p><p>Đoạn hai,<br>dòng sau.</p><script>x()</script>]]></content:encoded>
            <dc:creator>Lê Văn A</dc:creator><pubDate>Mon, 15 Jun 2009 10:20:00 +0700</pubDate>
            <category>Giao thông</category><category>Hà Nội</category><media:content url="https://bao.example/a.jpg"/>
            </item>
            <item><title>Bài 2</title><guid>https://bao.example/2</guid></item>
            </channel></rss>
            """)
        #expect(failure == nil)
        #expect(entries.map(\.line).count == 2)
        let first = try #require(entries.first).record
        #expect(
            first
                == .object([
                    ("id", .string("so-1")), ("url", .string("https://bao.example/1")), ("source", .string("Báo Mẫu")),
                    ("title", .string("Hà Nội & Huế")), ("summary", .string("Mở tuyến mới.")),
                    ("body", .string("Đoạn một.\n\nĐoạn hai,\ndòng sau.")), ("author", .array([.string("Lê Văn A")])),
                    ("published_at", .string("Mon, 15 Jun 2009 10:20:00 +0700")), ("language", .string("vi")),
                    ("topics", .array([.string("Giao thông"), .string("Hà Nội")])),
                    ("media:content", .string("https://bao.example/a.jpg")),
                ]))
        #expect(entries[1].record["url"] == .string("https://bao.example/2"))
    }

    @Test func anAtomFeed() throws {
        let found = try record(
            """
            <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi"><title>Tin</title>
            <entry><title>1 &lt; 2</title><id>urn:uuid:1</id><link rel="self" href="https://a.example/x"/>
            <link href="https://a.example/1"/><updated>2024-01-02T00:00:00Z</updated><published>2024-01-01T00:00:00Z</published>
            <author><name>An</name></author><category term="kt" label="Kinh tế"/>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Một.</p><p>Hai.</p></div></content></entry></feed>
            """)
        #expect(found["title"] == .string("1 < 2"))
        #expect(found["url"] == .string("https://a.example/1"))
        #expect(found["body"] == .string("Một.\n\nHai."))
        #expect(found["published_at"] == .string("2024-01-01T00:00:00Z"))
        #expect(found["updated"] == .string("2024-01-02T00:00:00Z"))
        #expect(found["topics"] == .array([.string("Kinh tế")]))
        #expect(found["language"] == .string("vi"))
        #expect(found["link self"] == .string("https://a.example/x"))
    }

    @Test func anRDFFeed() throws {
        let found = try record(
            """
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
              xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Tin</title></channel>
            <item rdf:about="https://a.example/1"><title>Bài</title><link>https://a.example/1</link><dc:date>2005-01-01</dc:date>
            </item></rdf:RDF>
            """)
        #expect(found["source"] == .string("Tin"))
        #expect(found["published_at"] == .string("2005-01-01"))
    }

    @Test func aSitemapWithNews() throws {
        let found = try record(
            """
            <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
            <url><loc>https://a.example/1</loc><news:news><news:publication><news:name>Báo</news:name><news:language>vi</news:language>
            </news:publication><news:publication_date>2024-05-01</news:publication_date><news:title>Tựa</news:title></news:news></url>
            </urlset>
            """)
        #expect(
            found
                == .object([
                    ("url", .string("https://a.example/1")), ("source", .string("Báo")), ("title", .string("Tựa")),
                    ("published_at", .string("2024-05-01")), ("language", .string("vi")),
                ]))
    }

    @Test func whatIsBeforeTheDamageIsRead() throws {
        let (entries, failure) = try read(
            "<rss><channel><item><title>1</title></item>\n<item><title>2</item></channel></rss>")
        #expect(entries.map { $0.record["title"] } == [.string("1")])
        guard case .malformed(let line, _)? = failure else { throw Unexpected() }
        #expect(line == 2)
        let (cut, end) = try read("<rss><channel><item><title>1</title></item>\n<item><tit")
        #expect(cut.count == 1)
        #expect(end != nil)
    }

    private struct Unexpected: Error {}

    @Test func otherDocuments() throws {
        #expect(try read("<catalog><item/></catalog>").failure == .unknown(root: "catalog"))
        #expect(try read("<sitemapindex><sitemap/></sitemapindex>").failure == .sitemapIndex)
        #expect(try read("<rss/>").entries.isEmpty)
        #expect(try read("").failure != nil)
    }

    /// Entities that a document defines do not grow, and name no files.
    @Test func entitiesAreNotExpanded() throws {
        var definitions = "<!ENTITY a0 \"ha\">"
        for level in 1..<30 { definitions += "<!ENTITY a\(level) \"&a\(level - 1);&a\(level - 1);\">" }
        let (entries, _) = try read(
            "<!DOCTYPE rss [\(definitions)<!ENTITY file SYSTEM \"/etc/passwd\">]><rss><channel><item><title>&a29; &file;</title></item></channel></rss>"
        )
        for entry in entries { #expect(entry.record["title"] == .string("&a29; &file;")) }
    }
}

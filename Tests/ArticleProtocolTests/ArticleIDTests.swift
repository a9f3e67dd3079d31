// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@Suite struct ArticleIDTests {
    @Test func textAndBytes() throws {
        let text = "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f"
        let id = try #require(ArticleID(text))
        #expect(id.description == text)
        #expect(ArticleID(text.uppercased()) == id)
        #expect(
            id.bytes == [
                0x01, 0x90, 0xf3, 0xa1, 0x6b, 0x1c, 0x7c, 0xc0, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f,
            ])
        #expect(ArticleID(bytes: id.bytes) == id)
        #expect(id.isVersion7)
        #expect(id.milliseconds == 0x0190_f3a1_6b1c)
    }

    @Test(arguments: [
        "", "0190f3a1", "0190f3a16b1c7cc098c4dc0c0c07398f", "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398",
        "{0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f}",
        "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398g", "0190f3a1 6b1c-7cc0-98c4-dc0c0c07398f",
        "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398ệ",
        "+190f3a1-6b1c-7cc0-98c4-dc0c0c07398f",
    ])
    func otherTextIsNoID(_ text: String) { #expect(ArticleID(text) == nil) }

    @Test func otherSizesAreNoID() {
        for count in 0..<40 where count != 16 { #expect(ArticleID(bytes: [UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test func othersAreNotVersion7() throws {
        #expect(try #require(ArticleID("0190f3a1-6b1c-4cc0-98c4-dc0c0c07398f")).isVersion7 == false)
        #expect(try #require(ArticleID("0190f3a1-6b1c-7cc0-d8c4-dc0c0c07398f")).isVersion7 == false)
    }

    /// More than the 4096 of one millisecond, so the counter runs into the next.
    @Test func generatedOnesAscend() {
        var last = ArticleID.generate()
        for _ in 0..<20_000 {
            let next = ArticleID.generate()
            #expect(next > last)
            #expect(next.isVersion7)
            #expect(next.bytes.lexicographicallyPrecedes(last.bytes) == false)
            last = next
        }
    }

    @Test func generatedOnesDifferAcrossThreads() async {
        let ids = await withTaskGroup(of: [ArticleID].self) { group in
            for _ in 0..<4 { group.addTask { (0..<2000).map { _ in .generate() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == 8000)
    }
}

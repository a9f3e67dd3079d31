// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import IndexFollowing
import SearchText
import Testing

@testable import SearchHandler

/// What is meant by what was typed.
@Suite("Suggestions") struct SuggestionTests {
    @Test(
        "one letter makes the difference",
        arguments: [
            ("bong", "bomg", true), ("bong", "bog", true), ("bong", "boong", true), ("bong", "bogn", true),
            ("bong", "ong", true), ("bong", "bongs", true), ("bong", "bong", false), ("bong", "bnog", true),
            ("bong", "gnob", false), ("bong", "bo", false), ("a", "", true), ("", "", false), ("ab", "ba", true),
            ("abcd", "badc", false), ("aab", "aba", true),
        ])
    func edits(one: String, other: String, isOne: Bool) {
        #expect(Vocabulary.isOneEdit(Array(one.utf8), Array(other.utf8)[...]) == isOne)
        #expect(Vocabulary.isOneEdit(Array(other.utf8), Array(one.utf8)[...]) == isOne)
        #expect(Vocabulary.isOneEdit(Array(one.utf8), Array("x\(other)y".utf8)[1..<1 + other.utf8.count]) == isOne)
    }

    private func correction(_ index: TestIndex, _ text: String) throws -> Correction? {
        let snapshot = try index.refresh()
        return try Corrector(snapshot: snapshot, vocabulary: try snapshot.vocabulary(deadline: 0))
            .correct(text, QueryParser.parse(text))
    }

    @Test("words that are misspelt are replaced by those that stand beside the others")
    func corrections() throws {
        let index = try TestIndex()
        for number in 0..<20 { try index.add(UInt64(number), "Bóng đá nữ", "thể thao") }
        for number in 20..<60 { try index.add(UInt64(number), "Bông lúa", "mùa vàng bội thu, đa dạng") }
        #expect(try correction(index, "bomg da")?.words == ["bong", "da"])
        #expect(try correction(index, "bóng dá")?.words == nil)  // found as it is
        #expect(try correction(index, "bobg lua")?.applied(to: "bobg lua", spelledAs: []) == "bong lua")
        #expect(try correction(index, "thee thao")?.words == ["the", "thao"])
        #expect(try correction(index, "theee thao")?.words == nil)
        #expect(try correction(index, "xyz thao") == nil)
        #expect(try correction(index, "title:bomg") == nil && correction(index, "\"bomg da\"") == nil)
        #expect(try correction(index, "") == nil && correction(index, "20244") == nil)
        let long = (0..<11).map { _ in "bomg" }.joined(separator: " ")
        #expect(try correction(index, long) == nil)
    }

    @Test("a replacement is spelled as in articles, if marks were typed")
    func spelling() throws {
        let index = try TestIndex()
        for number in 0..<20 { try index.add(UInt64(number), "Bóng đá nữ", "trái bóng lăn") }
        let marked = try #require(try correction(index, "Bómg đá  nữ!"))
        #expect(marked.applied(to: "Bómg đá  nữ!", spelledAs: ["Bông lúa bông", "Xem bóng đá"]) == "Bóng đá  nữ!")
        let plain = try #require(try correction(index, "bomg da"))
        #expect(plain.applied(to: "bomg da", spelledAs: ["Xem bóng đá"]) == "bong da")
    }

    private func complete(_ typed: String, _ titles: [String]) -> [String] {
        Completions(typed)?.suggestions(from: titles, most: 5) ?? []
    }

    @Test("what was typed is completed with the words of titles")
    func completions() {
        let titles = [
            "Lũ lụt miền Trung gây thiệt hại", "Lũ lụt miền Trung: thêm hai người chết", "Hết lũ lụt, dân về nhà",
            "Luật sư lên tiếng",
        ]
        #expect(complete("lu lut m", titles).first == "Lũ lụt miền Trung")
        #expect(complete("lũ lụ", titles).first == "Lũ lụt miền Trung")
        #expect(complete("luâ", titles).first == "Luật sư lên")
        // Not side by side: in two titles, that is no chance.
        #expect(complete("miền gây", titles).isEmpty)
        #expect(complete("mien gay", titles + ["Miền Bắc: mưa gây ngập"]) == ["mien gây"])
        // The marks that were typed are meant.
        #expect(complete("lũ", titles + Array(repeating: "Luật mới", count: 9)).first == "Lũ lụt miền")
        #expect(complete("lũ lụt ", titles).allSatisfy { $0.count > "lũ lụt".count })
        #expect(complete("", titles).isEmpty && complete("?!", titles).isEmpty && complete("bão", titles).isEmpty)
        #expect(complete("lu", []).isEmpty)
        #expect(Completions((0..<13).map { "a\($0)" }.joined(separator: " ")) == nil)
    }

    @Test("articles about the same come first, and the article itself does not")
    func related() throws {
        let index = try TestIndex()
        for number in 0..<5 {
            try index.add(UInt64(number), "Lũ lụt miền Trung \(number)", "Nước sông dâng cao, dân sơ tán")
        }
        for number in 5..<60 {
            try index.add(UInt64(number), "Chứng khoán \(number)", "Cổ phiếu ngân hàng tăng giá mạnh")
        }
        let snapshot = try index.refresh()
        let document = IndexDocument(
            id: index.id(0), time: 0, title: "Lũ lụt miền Trung 0", body: "Nước sông dâng cao, dân sơ tán")
        func find(_ document: IndexDocument, isStored: Bool) throws -> [UInt64] {
            try snapshot.related(RelatedSnapshotRequest(document: document, isStored: isStored, limit: 4)).hits
                .map { $0.id.low & 0xffff_ffff }
        }
        #expect(try Set(find(document, isStored: true)) == [1, 2, 3, 4])
        #expect(try find(document, isStored: false).contains(0))
        #expect(try find(IndexDocument(id: index.id(0), time: 0), isStored: false).isEmpty)
        #expect(try find(IndexDocument(id: index.id(0), time: 0, title: "không ai viết"), isStored: false).isEmpty)
    }
}

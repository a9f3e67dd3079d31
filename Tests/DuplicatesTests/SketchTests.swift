// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import DuplicatesHandler

/// Shingles, signatures and bands, against what their definitions say.
@Suite("Sketches") struct SketchTests {
    /// The shingles as text, by the plainest code there is. For words of ASCII letters.
    private func plain(_ text: String) -> Set<String> {
        let words = text.split(separator: " ").map { String($0) }
        guard words.count >= 3 else { return [] }
        return Set((0...(words.count - 3)).map { words[$0..<($0 + 3)].joined(separator: " ") })
    }

    @Test("the similarity is the Jaccard index of the shingles") func jaccard() {
        var texts = Texts(1)
        for _ in 0..<100 {
            let one = (0..<texts.next(below: 60)).map { _ in "w\(texts.next(below: 4))" }.joined(separator: " ")
            let two = texts.changed(one, oneOf: 1 + texts.next(below: 20))
            let (a, b) = (plain(one), plain(two))
            let union = a.union(b).count
            let expected = union == 0 ? 0 : Double(a.intersection(b).count) / Double(union)
            #expect(Shingles([one]).jaccard(Shingles([two])) == expected, "\(one) / \(two)")
            #expect(Shingles([two]).jaccard(Shingles([one])) == expected)
        }
    }

    @Test("marks, case, normal forms, and the place of a tone do not matter") func folding() {
        let text = Shingles(["Đường phố Hà Nội, hoà bình: thuỷ sản tăng 16.000 tấn"])
        for other in [
            "Duong pho Ha Noi hoa binh thuy san tang 16000 tan",
            "đường phố HÀ NỘI hòa bình, thủy sản tăng 16,000 tấn",
            "Đường phố Hà Nội, hoà bình: thuỷ sản tăng 16.000 tấn".decomposedStringWithCanonicalMapping,
        ] { #expect(text.jaccard(Shingles([other])) == 1, "\(other)") }
        #expect(text.jaccard(Shingles(["một bài báo khác hẳn về bóng đá"])) == 0)
    }

    @Test("what is too short is like nothing, not even itself", arguments: ["", "Tin", "hai tiếng", "... !!! ---"])
    func short(text: String) {
        let shingles = Shingles([text])
        #expect(shingles.hashes.isEmpty && shingles.jaccard(shingles) == 0 && Signature(shingles) == nil)
        // No shingle spans two fields.
        #expect(Shingles([text, text, text]).hashes.isEmpty)
    }

    @Test("signatures estimate the similarity, and bands find by it") func estimates() throws {
        var texts = Texts(2)
        var (error, bias, found, expected, pairs) = (0.0, 0.0, 0.0, 0.0, 0)
        for _ in 0..<300 {
            let one = (0..<300).map { _ in "w\(texts.next(below: 1000))" }.joined(separator: " ")
            let two = texts.changed(one, oneOf: 8 + texts.next(below: 20))
            let (a, b) = (Shingles([one]), Shingles([two]))
            let exact = a.jaccard(b)
            let (s, t) = (try #require(Signature(a)), try #require(Signature(b)))
            bias += s.estimate(t) - exact
            error = max(error, abs(s.estimate(t) - exact))
            found += Set(s.bandKeys).isDisjoint(with: t.bandKeys) ? 0 : 1
            expected += 1 - pow(1 - pow(exact, 4), 32)
            pairs += 1
        }
        // Five standard deviations of one estimate, and of their mean.
        #expect(error < 5 * 0.045, "\(error)")
        #expect(abs(bias / Double(pairs)) < 5 * 0.045 / 17, "\(bias)")
        #expect(abs(found - expected) / Double(pairs) < 0.05, "\(found) of \(expected)")
    }

    @Test("unlike texts share no band, and signatures survive encoding") func unlike() throws {
        var texts = Texts(3)
        var signatures: [Signature] = []
        for _ in 0..<60 {
            let text = (0..<200).map { _ in "w\(texts.next(below: 100_000))" }.joined(separator: " ")
            signatures.append(try #require(Signature(Shingles([text]))))
        }
        for (place, one) in signatures.enumerated() {
            #expect(Set(one.bandKeys).count == Signature.bands)
            for other in signatures[..<place] { #expect(Set(one.bandKeys).isDisjoint(with: other.bandKeys)) }
            var bytes: [UInt8] = []
            one.append(to: &bytes)
            #expect(bytes.count == Signature.size && Signature(bytes[...]) == one)
        }
    }
}

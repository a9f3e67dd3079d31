// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import VietnameseEncodings

@Suite struct EncodingDetectionTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private static func fixture(_ path: String) -> String {
        let text = (try? String(contentsOf: fixtures.appending(path: path), encoding: .utf8)) ?? ""
        return text.precomposedStringWithCanonicalMapping
    }

    static let vietnamese = [fixture("Articles/mic-can-tho-2009.txt"), fixture("Languages/vi.txt")]

    static func write(_ text: String, _ encoder: VietnameseEncoder) -> [UInt8] {
        text.flatMap { character in
            encoder.encode(Array(String(character).utf8)) ?? encoder.encode(Array(character.lowercased().utf8)) ?? []
        }
    }

    /// What an encoding made of it reads as the text, or it is unsure.
    @Test(arguments: VietnameseEncoding.allCases) func pieces(encoding: VietnameseEncoding) {
        var counts: [Int: (all: Int, found: Int)] = [:]
        for tones in VietnameseEncoder.Tones.allCases {
            let encoder = VietnameseEncoder(encoding, tones: tones)
            for text in Self.vietnamese {
                let characters = Array(text)
                for length in [10, 30, 200, 500] {
                    for start in stride(from: 0, to: characters.count - length, by: length * 3) {
                        let bytes = Self.write(String(characters[start..<start + length]), encoder)
                        guard !UTF8Sample(bytes).isASCII else { continue }
                        let found = EncodingDetection(bytes)
                        counts[length, default: (0, 0)].all += 1
                        guard let certain = found.encoding else { continue }
                        counts[length, default: (0, 0)].found += 1
                        #expect(certain.decode(bytes) == encoding.decode(bytes), "\(certain): \(bytes)")
                    }
                }
            }
        }
        for length in [200, 500] { #expect(counts[length]?.all == counts[length]?.found, "\(length): \(counts)") }
        // A few syllables leave doubt.
        #expect((counts[10]?.found ?? 0) * 2 < counts[10]?.all ?? 0)
    }

    @Test(arguments: ["de", "en", "es", "fr", "id", "it", "pt"]) func otherLanguages(language: String) {
        let characters = Array(Self.fixture("Languages/\(language).txt").unicodeScalars)
        #expect(characters.count > 5000)
        for length in [30, 100, 400, 5000] {
            for start in stride(from: 0, to: characters.count - length, by: length) {
                let bytes = characters[start..<start + length].compactMap { UInt8(exactly: $0.value) }
                #expect(EncodingDetection(bytes).encoding == nil)
            }
        }
    }

    @Test func neitherUTF8NorRubbish() {
        for text in Self.vietnamese {
            var bytes = Array(text.utf8)
            #expect(UTF8Sample(bytes).isValid && !UTF8Sample(bytes).isDamaged)
            #expect(EncodingDetection(bytes).encoding == nil)
            bytes.remove(at: bytes.firstIndex { $0 >= 0xc2 } ?? 0)
            #expect(!UTF8Sample(bytes).isValid && UTF8Sample(bytes).isDamaged)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(EncodingDetection(bytes).encoding == nil)
        }
        for bytes: [UInt8] in [[], [0x80], Array("Plain text.".utf8), Array(repeating: 0xff, count: 4096)] {
            #expect(EncodingDetection(bytes).encoding == nil)
        }
    }

    /// A part in UTF-8 within a file of another encoding: no decoder reads both.
    @Test func mixtures() {
        let old = Self.write(Self.vietnamese[0], VietnameseEncoder(.vni))
        #expect(UTF8Sample(old + Array("\nNguồn: Tuổi Trẻ".utf8)).isDamaged)
        #expect(!UTF8Sample(old).isDamaged)
    }

    @Test func aSampleMayEndWithinACharacter() {
        let bytes = Array("Tiếng Việt".utf8)
        for count in 1...bytes.count { #expect(UTF8Sample(Array(bytes.prefix(count))).isValid) }
    }

    /// Without marks in the body, the few words of the headline are enough if the rest is Vietnamese.
    @Test func aHeadlineOverABodyWithoutMarks() {
        let text =
            "Hỏi về kết nối Internet\nEm xai may nay da lau, truoc day ket noi toi mang binh thuong, gan day bi loi."
        #expect(EncodingDetection(Self.write(text, VietnameseEncoder(.vni))).encoding == .vni)
    }

    @Test func quotesOrCapitals() {
        let quotes = Self.write("Bộ trưởng nói: “Việc này rất quan trọng” – và hứa sẽ làm…", VietnameseEncoder(.tcvn3))
        #expect(EncodingDetection(quotes).encoding == .tcvn3)
        let capitals = Self.write(
            "BỘ TRƯỞNG ĐÃ NÓI: VIỆC NÀY RẤT QUAN TRỌNG, ỦY BAN SẼ LÀM", VietnameseEncoder(.tcvn5712))
        #expect(EncodingDetection(capitals).encoding == .tcvn5712)
    }
}

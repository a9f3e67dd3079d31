// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import TopicModel

@Suite struct ScanningTests {
    /// All that the scanner says of texts read one after the other.
    private struct Outcome: Equatable {
        var marked: [UInt64] = []
        var plain: [UInt64] = []
        var places: [UInt64] = []
        let words: [Int]
        let samples: EvidenceCounts

        init(of texts: [[UInt8]], by scanner: inout SyllableScanner) {
            var syllables = Syllables()
            for (number, text) in texts.enumerated() {
                unsafe text.withUnsafeBytes { unsafe scanner.scan($0, number: UInt64(number), into: &syllables) }
            }
            for index in 0..<syllables.count {
                unsafe marked.append(syllables.marked[index])
                unsafe plain.append(syllables.plain[index])
                unsafe places.append(syllables.places[index])
            }
            words = [syllables.words, syllables.markedWords]
            samples = syllables.samples
        }
    }

    /// A scanner that remembers what it has read, and one that does not.
    private struct Pair: ~Copyable {
        private var remembering = SyllableScanner()
        private var forgetful = SyllableScanner(remembers: false)

        mutating func expectSameTwice(_ texts: [[UInt8]], _ comment: @autoclosure () -> Comment) {
            let apart = Outcome(of: texts, by: &forgetful)
            for _ in 0..<2 {
                let same = Outcome(of: texts, by: &remembering) == apart
                #expect(same, comment())
            }
        }
    }

    private static let letters = [
        "Đội tuyển bóng đá thắng trận chung kết", "ĐỘI TUYỂN BÓNG ĐÁ", "Ðội tuyển Ðội", "hoà hòa khoẻ khỏe",
        "bo\u{301}ng đa\u{301} tuye\u{302}\u{309}n bo\u{301}ng đa\u{301}",
        "b&oacute;ng &oacute;ng bóng b&oacute;ng &oacute;ng &nbsp;bóng&nbsp;bóng&#225; &#225;bóng bóng&bóng bóng&;x",
        "12 345 6.7 12a a12 2004 2009 1\u{301} １２", "“Việt” – “Nam”… “Việt” «Nam»", "ﬁ ﬁn Ṩ ṨA ﬁ Ṩ",
        "xin\u{ad}chào xin\u{200b} \u{200b}xin \u{feff}xin xin chào", "xin\u{a0}chào xin\u{a0}chào xin\u{a0}",
        "nghiêngnghiêng nghiêngnghiên nghiêngnghiê abcdefghijklmno abcdefghijklmnop abcdefghijklmnopq",
        "<p>Đội</p> <b>Đội<b>tuyển <i <i>Đội a<b c>d", "résumé Москва 日本 \u{301}a \u{301} a\u{301}\u{301}",
    ]

    @Test func whatWasSeenBeforeReadsAsIfItWereNew() {
        var scanners = Pair()
        let text = Array(Self.letters.joined(separator: " ").utf8)
        scanners.expectSameTwice([text, text], "all")
        // Cut at every byte: what a word is may hang on what comes behind it.
        for end in text.indices { scanners.expectSameTwice([Array(text[..<end])], "up to \(end)") }
        for start in text.indices { scanners.expectSameTwice([Array(text[start...])], "from \(start)") }
        for index in text.indices {
            for byte: UInt8 in [0xff, 0xe1, 0x26, 0x20, 0x61] {
                var wrong = text
                wrong[index] = byte
                scanners.expectSameTwice([wrong], "\(byte) at \(index)")
            }
        }
    }

    @Test func bytesOfNoMeaningReadAsIfTheyWereNew() {
        var scanners = Pair()
        var generator = Generator(state: 1)
        let rest: [UInt8] = [0x20, 0x26, 0x3b, 0x2e, 0xc3, 0xe1, 0xbb, 0x80, 0xff, 0xf0]
        let pieces = Array(Self.letters.joined().utf8) + rest
        for round in 0..<4000 {
            // Short ones occur again; long ones have words at all places.
            let size = Int.random(in: 0...(round % 4 == 0 ? 200 : 24), using: &generator)
            let bytes = (0..<size).map { _ in
                let byte = UInt8.random(in: 0...255, using: &generator)
                return round % 2 == 0 ? pieces[Int.random(in: pieces.indices, using: &generator)] : byte
            }
            scanners.expectSameTwice([bytes, bytes], "\(bytes)")
        }
    }

    @Test func theSameHoldsWhereATextIsFull() {
        var scanners = Pair()
        for piece in ["bóng ", "bóng. ", "bóng“", "b&oacute;ng ", "ﬁ "] {
            let text = Array(String(repeating: piece, count: Syllables.maxCount + 3).utf8)
            scanners.expectSameTwice([text, Array("đá bóng".utf8)], "\(piece)")
        }
    }

    /// SplitMix64: the same bytes each time.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleProtocol

@Suite struct UTF8Tests {
    private func isValid(_ bytes: [UInt8]) -> Bool { unsafe bytes.span.bytes.isUTF8 }

    /// All sequences of up to three bytes, and four-byte ones around every border, agree with the standard library.
    @Test func agreesWithTheStandardLibrary() {
        var disagreements = 0
        func check(_ bytes: [UInt8]) {
            if isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { disagreements += 1 }
        }
        check([])
        let borders: [UInt8] = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
            0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ]
        for first in UInt8.min...255 {
            check([first])
            for second in UInt8.min...255 { check([first, second]) }
        }
        for a in borders {
            for b in borders {
                for c in borders {
                    check([a, b, c])
                    for d in borders { check([a, b, c, d]) }
                }
            }
        }
        #expect(disagreements == 0)
    }

    @Test func findsAFaultWhereverItStands() {
        let text = Array("Đoàn công tác Bộ Thông tin và Truyền thông 𝄞 làm việc".utf8)
        #expect(isValid(text))
        for index in text.indices {
            var broken = text
            broken[index] = 0xff
            #expect(!isValid(broken))
        }
        #expect(!isValid(text + [0xe1, 0xba]))
    }

    /// Longer texts are taken many bytes at a time: at every length, and so at every place within a character.
    @Test func longTextsAreAsShortOnes() {
        let text = Array(String(repeating: "Đoàn công tác Bộ Thông tin và Truyền thông 𝄞 làm việc. ", count: 8).utf8)
        for length in 200...text.count {
            let part = Array(text[..<length])
            #expect(isValid(part) == (String(validating: part, as: UTF8.self) != nil))
        }
        for index in text.indices {
            for byte: UInt8 in [0xff, 0x80, 0xe1] {
                var broken = text
                broken[index] = byte
                #expect(isValid(broken) == (String(validating: broken, as: UTF8.self) != nil))
            }
        }
        #expect(!isValid([UInt8](repeating: 0x80, count: 400)))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import VietnameseEncodings

/// The tables, letter by letter.
@Suite struct EncodingTableTests {
    /// All letters of Vietnamese with marks, in both cases.
    static let letters: [Character] = {
        let rows = [
            "áàảãạ", "âấầẩẫậ", "ăắằẳẵặ", "éèẻẽẹ", "êếềểễệ", "íìỉĩị", "óòỏõọ", "ôốồổỗộ", "ơớờởỡợ", "úùủũụ", "ưứừửữự",
            "ýỳỷỹỵ", "đ",
        ]
        let small = rows.joined().precomposedStringWithCanonicalMapping
        return Array(small) + Array(small.uppercased())
    }()

    /// TCVN3 has capitals without tones alone.
    private static func has(_ encoding: VietnameseEncoding, _ letter: Character) -> Bool {
        encoding != .tcvn3 || letter.isLowercase || "ÂĂÊÔƠƯĐ".contains(letter)
    }

    @Test(arguments: VietnameseEncoding.allCases) func everyLetterComesBack(encoding: VietnameseEncoding) throws {
        #expect(Self.letters.count == 134)
        for tones in VietnameseEncoder.Tones.allCases {
            let encoder = VietnameseEncoder(encoding, tones: tones)
            for letter in Self.letters where Self.has(encoding, letter) {
                let text = Array("x \(letter)y".utf8)
                let bytes = try #require(encoder.encode(text), "\(letter)")
                #expect(encoding.decode(bytes) == text, "\(letter)")
            }
        }
    }

    /// No byte is lost, and no two are the same.
    @Test func everyByteComesBack() throws {
        for encoding in VietnameseEncoding.allCases {
            let encoder = VietnameseEncoder(encoding)
            for byte in UInt8(0)...255 {
                let text = encoding.decode([byte])
                #expect(String(validating: text, as: UTF8.self) != nil)
                // The capitals of TCVN5712-1 that TCVN3 takes over are written as small letters, as it has no others.
                let isCapital = encoding == .tcvn3 && Character(String(decoding: text, as: UTF8.self)).isUppercase
                // A second byte of VNI without its letter stays as it is shown.
                let isStray = encoding == .vni && byte >= 0xc0
                if !isCapital, !isStray { #expect(encoder.encode(text) == [byte], "\(encoding) \(byte)") }
            }
        }
    }

    /// glibc has these three, made by others.
    @Test(arguments: [
        (VietnameseEncoding.windows1258, "CP1258"), (.viscii, "VISCII"), (.tcvn5712, "TCVN5712-1"),
    ])
    func asInGlibc(encoding: VietnameseEncoding, name: String) throws {
        for byte in UInt8(1)...255 {
            guard let converted = try iconv([0x78, byte, 0x0a], from: name) else { continue }
            #expect(encoding.decode([0x78, byte, 0x0a]) == converted, "\(byte)")
        }
        let text = String(Self.letters.flatMap { ["x", $0] })
        let bytes = try #require(try iconv(Array(text.utf8), from: "UTF-8", to: name))
        #expect(VietnameseEncoder(encoding).encode(Array(text.utf8)) == bytes)
    }

    private func iconv(_ bytes: [UInt8], from: String, to: String = "UTF-8") throws -> [UInt8]? {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/iconv")
        process.arguments = ["-f", from, "-t", to]
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try input.fileHandleForWriting.close()
        let converted = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? Array(converted) : nil
    }

    /// As texts of the time have it.
    @Test(arguments: [
        (VietnameseEncoding.vni, "Coäng hoøa Xaõ hoäi Chuû nghóa Vieät Nam, Ñoäc laäp - Töï do - Haïnh phuùc"),
        (.tcvn3, "Céng hßa X· héi Chñ nghÜa ViÖt Nam, §éc lËp - Tù do - H¹nh phóc"),
        (.vps, "C¶ng hòa Xã h¶i Chû nghïa Vi\u{8c}t Nam, ñ¶c lÆp - T¿ do - Hånh phúc"),
        (.viscii, "C\u{b5}ng hòa Xã h\u{b5}i Chü nghîa Vi\u{ae}t Nam, Ð\u{b5}c l§p - Tñ do - HÕnh phúc"),
        (.windows1258, "Côòng hoÌa XaÞ hôòi ChuÒ nghiÞa Viêòt Nam, Ðôòc lâòp - Týò do - Haònh phuìc"),
    ])
    func aKnownSentence(encoding: VietnameseEncoding, latin: String) {
        // The bytes as Latin-1 shows them.
        let bytes = latin.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let text = String(decoding: encoding.decode(bytes), as: UTF8.self)
        #expect(text == "Cộng hòa Xã hội Chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc")
        #expect(Array(text.utf8) == Array(text.precomposedStringWithCanonicalMapping.utf8))
    }

    /// The capitals of .VnTimeH.
    @Test(arguments: [
        ("CéNG HßA X· HéI CHñ NGHÜA VIÖT NAM", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("Hå S¥ ë tØNH", "Hồ SƠ ở tỉNH"),
        ("hå s¬ cña UBND tØnh", "hồ sơ của UBND tỉnh"),
        ("HNéI\nHå S¥ CéNG CH¦NG", "HNỘI\nHỒ SƠ CỘNG CHƯNG"),
    ])
    func capitalsOfTCVN3(latin: String, expected: String) {
        let bytes = latin.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let text = VietnameseEncoding.tcvn3.decode(bytes)
        #expect(String(decoding: text, as: UTF8.self) == expected)
        #expect(VietnameseEncoder(.tcvn3).encode(text) == bytes)
    }

    /// A letter may be cut in two by the pieces that a file is read in.
    @Test(arguments: VietnameseEncoding.allCases) func piecesOfAnySize(encoding: VietnameseEncoding) throws {
        let text = Array("Người Việt: ễ ỗ ử ặ ấ, đường về quê\nKẾT".lowercased().utf8)
        for tones in VietnameseEncoder.Tones.allCases {
            let bytes = try #require(VietnameseEncoder(encoding, tones: tones).encode(text))
            for size in 1...3 {
                var decoder = VietnameseDecoder(encoding)
                var read: [UInt8] = []
                for start in stride(from: 0, to: bytes.count, by: size) {
                    decoder.decode(Array(bytes[start..<min(start + size, bytes.count)]), into: &read)
                }
                decoder.finish(into: &read)
                #expect(read == text)
            }
        }
    }

    /// Any bytes make text in NFC, and end.
    @Test func anyBytes() {
        var generator = SystemRandomNumberGenerator()
        for encoding in VietnameseEncoding.allCases {
            for _ in 0..<50 {
                let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let text = String(validating: encoding.decode(bytes), as: UTF8.self)
                #expect(
                    text != nil
                        && text.map { Array($0.precomposedStringWithCanonicalMapping.utf8) }
                            == text.map { Array($0.utf8) }
                )
            }
            let marks = encoding.decode([0x61] + [UInt8](repeating: 0xf2, count: 100_000))
            #expect(marks.count >= 100_000)
        }
    }

    @Test(arguments: [
        ("x-viet-vni", VietnameseEncoding.vni), ("X-VIET-TCVN", .tcvn3), ("x-viet-vps", .vps), ("viscii", .viscii),
        ("windows-1258", .windows1258), ("ABC", .tcvn3),
    ])
    func labels(label: String, encoding: VietnameseEncoding) {
        #expect(VietnameseEncoding(label: label) == encoding)
        #expect(VietnameseEncoding(label: encoding.charset) == encoding)
        #expect(VietnameseEncoding(label: encoding.rawValue) == encoding)
    }

    @Test func noLabels() {
        for label in ["", "utf-8", "iso-8859-1", "vn"] { #expect(VietnameseEncoding(label: label) == nil) }
    }
}

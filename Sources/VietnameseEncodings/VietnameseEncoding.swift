// SPDX-License-Identifier: Apache-2.0

/// An encoding of Vietnamese from the time before Unicode. ASCII is the same in all of them.
public enum VietnameseEncoding: String, CaseIterable, Sendable {
    /// Microsoft's code page. Tones are combining marks behind the letter.
    case windows1258 = "windows-1258"
    /// TCVN 5712 VN3, known as ABC: the fonts of .VnTime. Its capitals are small letters in another font, .VnTimeH.
    case tcvn3 = "TCVN3"
    /// TCVN 5712 VN1: TCVN3 with capitals, some of them in place of control characters.
    case tcvn5712 = "TCVN5712-1"
    /// VNI for Windows: a letter, and a second byte for its marks.
    case vni = "VNI"
    /// RFC 1456.
    case viscii = "VISCII"
    /// The encoding of the Vietnamese Professionals Society.
    case vps = "VPS"

    /// The name as people, and documents, spell it.
    ///
    /// - Parameter label: "x-viet-vni", "windows-1258", "ABC", in any case.
    public init?(label: some StringProtocol) {
        let label = label.lowercased()
        guard let found = Self.allCases.first(where: { $0.labels.contains(label) }) else { return nil }
        self = found
    }

    private var labels: [String] {
        switch self {
        case .windows1258: ["windows-1258", "cp1258", "x-cp1258", "wincp-1258", "cp-1258"]
        case .tcvn3:
            [
                "tcvn3", "abc", "tcvn", "x-viet-tcvn", "x-viet-tcvn3", "vn3", "tcvn-5712", "x-viet-tcvn5712",
                "tcvn5712-3",
            ]
        case .tcvn5712: ["tcvn5712-1", "tcvn5712-1:1993", "tcvn5712", "vn1"]
        case .vni: ["vni", "vni-win", "vni-windows", "x-viet-vni", "x-vni"]
        case .viscii: ["viscii", "csviscii", "viscii1.1-1", "x-viet-viscii", "x-viscii"]
        case .vps: ["vps", "x-viet-vps", "x-vps"]
        }
    }

    /// The name in the `charset` of a media type.
    public var charset: String {
        switch self {
        case .windows1258: "windows-1258"
        case .tcvn3: "x-viet-tcvn3"
        case .tcvn5712: "TCVN5712-1"
        case .vni: "x-viet-vni"
        case .viscii: "VISCII"
        case .vps: "x-viet-vps"
        }
    }

    /// The whole text in NFC.
    public func decode(_ bytes: [UInt8]) -> [UInt8] {
        var decoder = VietnameseDecoder(self)
        var text: [UInt8] = []
        decoder.decode(bytes, into: &text)
        decoder.finish(into: &text)
        return text
    }

    /// The code points of the bytes 0x80 to 0xFF; of VNI those that do not continue a letter.
    var upperHalf: [UInt32] { EncodingTables.shared.upper[self] ?? [] }

    /// Letters in place of control characters.
    var controls: [UInt8: UInt32] {
        switch self {
        case .viscii: [0x02: 0x1eb2, 0x05: 0x1eb4, 0x06: 0x1eaa, 0x14: 0x1ef6, 0x19: 0x1ef8, 0x1e: 0x1ef4]
        case .vps:
            [
                0x02: 0x1ea0, 0x03: 0x1eac, 0x04: 0x1eb6, 0x05: 0x1eb8, 0x06: 0x1ec6, 0x10: 0x1eca, 0x11: 0x1ecc,
                0x12: 0x1ed8, 0x13: 0x1ee2, 0x14: 0x1ee4, 0x15: 0x1ef0, 0x19: 0x1ef4, 0x1c: 0x1eaa, 0x1d: 0x1eee,
            ]
        case .tcvn5712:
            [
                0x01: 0xda, 0x02: 0x1ee4, 0x04: 0x1eea, 0x05: 0x1eec, 0x06: 0x1eee, 0x11: 0x1ee8, 0x12: 0x1ef0,
                0x13: 0x1ef2, 0x14: 0x1ef6, 0x15: 0x1ef8, 0x16: 0xdd, 0x17: 0x1ef4,
            ]
        case .windows1258, .tcvn3, .vni: [:]
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The characters of the encodings, a row for each 16 bytes from 0x80 on.
///
/// Windows-1258, VISCII and TCVN5712-1 agree with glibc. VPS and VNI agree with UniKey (fcitx5-unikey, `unikey/data.cpp`)
/// and xvnkb (`vps.h`, `vni.h`), VPS also with recode. TCVN3 is as UniKey has it: the small letters of TCVN5712-1, and below
/// 0xA0 the signs of Windows-1252. Bytes without a character of their own stay control characters, as in the Encoding
/// Standard of WHATWG, so that they can be written again.
struct EncodingTables: Sendable {
    static let shared = EncodingTables()

    let upper: [VietnameseEncoding: [UInt32]]
    /// The letters of two bytes of VNI, by first byte * 256 + second byte; 0: none.
    let pairs: [UInt16]

    private init() {
        func points(_ rows: [String]) -> [UInt32] { rows.flatMap { $0.unicodeScalars.map(\.value) } }
        upper = [
            .windows1258: points(Self.windows1258), .tcvn3: points(Self.signs + Self.tcvn),
            .tcvn5712: points(Self.capitals + Self.tcvn), .viscii: points(Self.viscii), .vps: points(Self.vps),
            .vni: points(Self.signs + Self.vni),
        ]
        var pairs = [UInt16](repeating: 0, count: 1 << 16)
        for (base, row) in Self.letters {
            for (mark, letter) in zip(row.marks.unicodeScalars, row.letters.unicodeScalars) {
                let small = (Int(base) << 8, Int(mark.value))
                pairs[small.0 | small.1] = UInt16(letter.value)
                // The capital of a byte of Latin-1, and of a letter.
                let capital = String(letter).uppercased().unicodeScalars.first.map { UInt16($0.value) } ?? 0
                pairs[small.0 - 0x2000 | small.1 - 0x20] = capital
                // Written with the caps lock on or off between the two.
                pairs[small.0 - 0x2000 | small.1] = capital
                pairs[small.0 | small.1 - 0x20] = UInt16(letter.value)
            }
        }
        self.pairs = pairs
    }

    private static let windows1258 = [
        "€\u{81}‚ƒ„…†‡ˆ‰\u{8a}‹Œ\u{8d}\u{8e}\u{8f}", "\u{90}‘’“”•–—˜™\u{9a}›œ\u{9d}\u{9e}Ÿ",
        "\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯", "°±²³´µ¶·¸¹º»¼½¾¿",
        "ÀÁÂĂÄÅÆÇÈÉÊË\u{300}ÍÎÏ", "ĐÑ\u{309}ÓÔƠÖ×ØÙÚÛÜƯ\u{303}ß",
        "àáâăäåæçèéêë\u{301}íîï", "đñ\u{323}óôơö÷øùúûüư₫ÿ",
    ]

    /// 0x80 to 0x9F of Windows-1252.
    private static let signs = [
        "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}", "\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ",
    ]

    /// 0x80 to 0x9F of TCVN5712-1.
    private static let capitals = ["ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨ", "ÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"]

    /// From 0xA0 on.
    private static let tcvn = [
        "\u{a0}ĂÂÊÔƠƯĐăâêôơưđẰ", "\u{300}\u{309}\u{303}\u{301}\u{323}àảãáạẲằẳẵắẴ",
        "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ", "éẹềểễếệìỉỄẾỒĩíịò",
        "Ổỏõóọồổỗốộờởỡớợù", "ỖủũúụừửữứựỳỷỹýỵỐ",
    ]

    private static let viscii = [
        "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ", "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ",
        "Õắằặấầẩậẽẹếềểễệố", "ồổỗỠƠộờởịỰỨỪỬơớƯ",
        "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ", "ĐứÒÓÔạỷừửÙÚỹỵÝỡư",
        "àáâãảăữẫèéêẻìíĩỉ", "đựòóôõỏọụùúũủýợỮ",
    ]

    private static let vps = [
        "ÀẢÃẤẦẨọỗĂếềểệẮẰẲ", "Ế‘’ỀỂỄỐỒỔỖýỷỵỚỜỞ",
        "\u{a0}ắằẳẵặỠớÙờởỡŨỨợỪ", "ổỬỲỸÍÌộỈĨÓửữÒỎÕự",
        "ầÁÂấẩẫậđẻÉÊẹỉễịỹ", "ƯỦồốÔỏơÈừứÚũưÝẺß",
        "àáâãảạăçèéêẽìíîĩ", "ẴĐòóôõöƠụùúủüỶẼỳ",
    ]

    /// From 0xA0 on.
    private static let vni = [
        "\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯", "°±²³´µ¶·¸¹º»¼½¾¿",
        "ÀÁÂÃÄÅỈÇÈÉÊËÌÍỴÏ", "ÐĐỊĨƠÕƯ×ØÙÚÛÜÝÞß",
        "àáâãäåỉçèéêëìíỵï", "ðđịĩơõư÷øùúûüýþÿ",
    ]

    /// The second bytes of VNI's small letters, as characters of Latin-1, and what they make of the first byte.
    private static let letters: [UInt8: (marks: String, letters: String)] = [
        0x61: ("ùøûõïâáàåãäêéèúüë", "áàảãạâấầẩẫậăắằẳẵặ"),
        0x65: ("ùøûõïâáàåãä", "éèẻẽẹêếềểễệ"),
        0x6f: ("ùøûõïâáàåãä", "óòỏõọôốồổỗộ"),
        0x75: ("ùøûõï", "úùủũụ"),
        0x79: ("ùøûõ", "ýỳỷỹ"),
        0xf4: ("ùøûõï", "ớờởỡợ"),
        0xf6: ("ùøûõï", "ứừửữự"),
    ]
}

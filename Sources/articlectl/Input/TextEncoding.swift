// SPDX-License-Identifier: Apache-2.0
import VietnameseEncodings

/// How the text of a file is encoded.
struct TextEncoding: Equatable, Sendable {
    /// As people know it; of others than Vietnamese ones, as iconv(3) knows it.
    let name: String
    let vietnamese: VietnameseEncoding?

    static let utf8 = TextEncoding(name: "UTF-8")

    private init(name: String) {
        self.name = name
        vietnamese = nil
    }

    init(_ encoding: VietnameseEncoding) {
        name = encoding.rawValue
        vietnamese = encoding
    }

    /// By the byte order mark, or the zeros of UTF-16; nil if neither tells.
    init?(beginningWith bytes: [UInt8]) {
        func starts(_ mark: [UInt8]) -> Bool { bytes.starts(with: mark) }
        if starts([0xff, 0xfe, 0, 0]) {
            self.init(name: "UTF-32LE")
        } else if starts([0, 0, 0xfe, 0xff]) {
            self.init(name: "UTF-32BE")
        } else if starts([0xff, 0xfe]) {
            self.init(name: "UTF-16LE")
        } else if starts([0xfe, 0xff]) {
            self.init(name: "UTF-16BE")
        } else if starts([0xef, 0xbb, 0xbf]) {
            self = .utf8
        } else {
            return nil
        }
    }

    /// Text in UTF-16 without a byte order mark; nil if it is none. Every second byte of Latin letters is zero.
    init?(utf16WithoutMark bytes: [UInt8]) {
        guard bytes.contains(0) else { return nil }
        // The first bracket of JSON: RFC 4627.
        let brackets = [UInt8(ascii: "{"), UInt8(ascii: "[")]
        if bytes.count >= 4, brackets.contains(bytes[0]), bytes[1] == 0, bytes[2] != 0 {
            self.init(name: "UTF-16LE")
            return
        }
        if bytes.count >= 4, bytes[0] == 0, brackets.contains(bytes[1]), bytes[2] == 0 {
            self.init(name: "UTF-16BE")
            return
        }
        switch (Self.isUTF16(bytes, lowFirst: true), Self.isUTF16(bytes, lowFirst: false)) {
        case (true, false): self.init(name: "UTF-16LE")
        case (false, true): self.init(name: "UTF-16BE")
        default: return nil
        }
    }

    private static func isUTF16(_ bytes: [UInt8], lowFirst: Bool) -> Bool {
        var (units, latin, ascii) = (0, 0, 0)
        var place = 0
        while place + 1 < bytes.count {
            let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
            let unit = lowFirst ? second << 8 | first : first << 8 | second
            units += 1
            switch unit {
            case 0x09, 0x0a, 0x0d, 0x20..<0x7f:
                ascii += 1
                latin += 1
            case 0x00..<0x20, 0x7f..<0xa0, 0xfffe, 0xffff: return false
            case 0xa0..<0x250, 0x300..<0x330, 0x1e00..<0x1f00, 0x2010..<0x2040: latin += 1
            default: break
            }
            place += 2
        }
        return units > 1 && ascii * 4 >= units && latin * 8 >= units * 7
    }

    /// Names that are in use and that iconv does not know.
    private static let others = ["windows-1252": "CP1252", "utf8": "UTF-8", "utf16": "UTF-16LE", "utf-16": "UTF-16LE"]

    /// By a name from a command line or a document; nil if nobody knows it.
    init?(named name: String) {
        if let vietnamese = VietnameseEncoding(label: name) {
            self.init(vietnamese)
            return
        }
        let encoding = TextEncoding(name: Self.others[name.lowercased()] ?? name)
        // iconv takes instructions behind slashes.
        let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x2a && $0 < 0x7b && $0 != 0x2f && $0 != 0x2c }
        guard isName, TextConverter(from: encoding.name, to: "UTF-8") != nil else { return nil }
        self = encoding
    }

    /// The option, as all commands that read files have it.
    static let option = Option.value(
        "encoding", "auto|ENCODING",
        "of files that do not tell: vni, tcvn3 (ABC), viscii, vps, windows-1258...; default: auto")

    /// What a shell offers for it.
    static let completions = ["auto", "utf-8", "utf-16"] + VietnameseEncoding.allCases.map { $0.rawValue.lowercased() }

    /// - Parameter value: of `--encoding`.
    /// - Returns: nil: it is to be detected.
    static func option(_ value: String?) throws(CommandFailure) -> TextEncoding? {
        guard let value, value.lowercased() != "auto" else { return nil }
        guard let encoding = TextEncoding(named: value) else {
            throw .usage(
                "--encoding \(value): no such encoding is known",
                hint: "auto, windows-1258, tcvn3 (ABC), vni, viscii, vps, or one that `iconv --list` has")
        }
        return encoding
    }
}

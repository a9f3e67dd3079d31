// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How the text of a file is encoded, by the names of iconv(3).
struct TextEncoding: Equatable, Sendable {
    let name: String

    static let utf8 = TextEncoding(name: "UTF-8")

    private init(name: String) { self.name = name }

    /// By the byte order mark; or by the zeros around the first bracket of JSON, as RFC 4627 has it.
    ///
    /// - Parameter assumed: what it is without a mark.
    init(beginningWith bytes: [UInt8], assumed: TextEncoding? = nil) {
        func starts(_ mark: [UInt8]) -> Bool { bytes.starts(with: mark) }
        let brackets = [UInt8(ascii: "{"), UInt8(ascii: "[")]
        if starts([0xff, 0xfe, 0, 0]) {
            name = "UTF-32LE"
        } else if starts([0, 0, 0xfe, 0xff]) {
            name = "UTF-32BE"
        } else if starts([0xff, 0xfe]) {
            name = "UTF-16LE"
        } else if starts([0xfe, 0xff]) {
            name = "UTF-16BE"
        } else if starts([0xef, 0xbb, 0xbf]) {
            self = .utf8
        } else if let assumed {
            self = assumed
        } else if bytes.count >= 4, brackets.contains(bytes[0]), bytes[1] == 0, bytes[2] != 0 {
            name = "UTF-16LE"
        } else if bytes.count >= 4, bytes[0] == 0, brackets.contains(bytes[1]), bytes[2] == 0 {
            name = "UTF-16BE"
        } else {
            self = .utf8
        }
    }

    /// Names that are in use and that iconv does not know.
    private static let others = [
        "tcvn3": "TCVN5712-1", "abc": "TCVN5712-1", "tcvn": "TCVN5712-1", "windows-1258": "CP1258",
        "windows-1252": "CP1252", "utf8": "UTF-8", "utf16": "UTF-16LE", "utf-16": "UTF-16LE",
    ]

    /// - Parameter value: of `--encoding`.
    static func option(_ value: String?) throws(CommandFailure) -> TextEncoding? {
        guard let value else { return nil }
        let encoding = TextEncoding(name: others[value.lowercased()] ?? value)
        // iconv takes instructions behind slashes.
        let isName = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x2a && $0 < 0x7b && $0 != 0x2f && $0 != 0x2c }
        guard isName, TextDecoder(encoding) != nil else {
            throw .usage(
                "--encoding \(value): no such encoding is known",
                hint: "windows-1258, tcvn3 (ABC), viscii, or one that `iconv --list` has")
        }
        return encoding
    }
}

/// Turns another encoding into UTF-8, piece by piece: iconv(3).
@safe final class TextDecoder {
    private let converter: iconv_t
    /// The beginning of a character that the next piece completes.
    private var rest: [UInt8] = []

    /// nil if iconv does not know the encoding.
    init?(_ encoding: TextEncoding) {
        guard let converter = unsafe iconv_open("UTF-8", encoding.name), Int(bitPattern: converter) != -1 else {
            return nil
        }
        unsafe self.converter = converter
    }

    deinit { unsafe iconv_close(converter) }

    /// - Returns: false if the encoding has no such character.
    func decode(_ bytes: [UInt8], into text: inout [UInt8]) -> Bool {
        var input = rest + bytes
        rest = []
        var position = 0
        var output = [UInt8](repeating: 0, count: 64 << 10)
        while position < input.count {
            let (result, used, made) = convert(&input, from: position, &output)
            text += output[..<made]
            position += used
            if result == 0 { break }
            switch result {
            case E2BIG: continue
            case EINVAL:
                rest = Array(input[position...])
                return true
            default: return false
            }
        }
        return true
    }

    /// Appends what was held back to be joined with what follows.
    ///
    /// - Returns: false if the text ends within a character.
    func end(into text: inout [UInt8]) -> Bool {
        var output = [UInt8](repeating: 0, count: 64)
        let made = unsafe output.withUnsafeMutableBytes { bytes in
            var target = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var room = bytes.count
            _ = unsafe iconv(converter, nil, nil, &target, &room)
            return bytes.count - room
        }
        text += output[..<made]
        defer { rest = [] }
        return rest.isEmpty
    }

    /// - Returns: an error's number, 0 if there is none; how many bytes were used, and how many were made.
    private func convert(_ input: inout [UInt8], from start: Int, _ output: inout [UInt8]) -> (Int32, Int, Int) {
        unsafe input.withUnsafeMutableBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var from = unsafe source.baseAddress.map { unsafe ($0 + start).assumingMemoryBound(to: CChar.self) }
                var to = unsafe target.baseAddress?.assumingMemoryBound(to: CChar.self)
                var (left, room) = (source.count - start, target.count)
                let result = unsafe iconv(converter, &from, &left, &to, &room)
                let number = result < 0 ? errno : 0
                return (number, source.count - start - left, target.count - room)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Names of files as text. Old archives have names that are not UTF-8: "é" as the byte E9.
///
/// A byte that is not part of valid UTF-8 is a character of its own, U+10FF00 and the byte, in the last plane for private use. So
/// each name is one text, and can be opened again. For people it is shown as `\xE9`.
enum FileName {
    private static let escapes: UInt32 = 0x10ff00

    /// The text of a name or path.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        var place = 0
        while place < bytes.count {
            // The shortest valid sequence is the only one that begins here.
            let length = (1...4).first { length in
                place + length <= bytes.count
                    && String(validating: bytes[place..<place + length], as: UTF8.self) != nil
            }
            if let length,
                let scalar = String(decoding: bytes[place..<place + length], as: UTF8.self).unicodeScalars.first,
                scalar.value < escapes
            {
                text.append(scalar)
                place += length
            } else {
                if let scalar = Unicode.Scalar(escapes + UInt32(bytes[place])) { text.append(scalar) }
                place += 1
            }
        }
        return String(text)
    }

    /// Calls `body` with the bytes of a path, as system calls take it.
    static func withBytes<Result>(of path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        var bytes: [UInt8] = []
        for scalar in path.unicodeScalars {
            if scalar.value >= escapes {
                bytes.append(UInt8(scalar.value & 0xff))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        let characters = bytes.map { CChar(bitPattern: $0) } + [0]
        return unsafe characters.withUnsafeBufferPointer { buffer in
            unsafe body(buffer.baseAddress!)  // it has the zero at least
        }
    }

    /// The path with bytes that are not UTF-8 as `\xE9`.
    static func shown(_ path: String) -> String {
        guard path.unicodeScalars.contains(where: { $0.value >= escapes }) else { return path }
        var shown = ""
        for scalar in path.unicodeScalars {
            if scalar.value >= escapes {
                let digits = String(scalar.value & 0xff, radix: 16, uppercase: true)
                shown += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// A word of the command line that is no path: what is not UTF-8 is U+FFFD.
    static func repaired(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value >= escapes }) else { return text }
        var repaired = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { repaired.append(scalar.value >= escapes ? "\u{fffd}" : scalar) }
        return String(repaired)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A place in a text, as editors count: lines end with LF, CR LF or CR, columns are characters. Both count from 1.
package struct JSONPlace: Sendable, Equatable {
    /// Bytes before it.
    package let offset: Int
    package let line: Int
    package let column: Int

    /// - Parameter offset: at most the number of the bytes.
    package init(offset: Int, in bytes: [UInt8]) {
        let offset = min(max(offset, 0), bytes.count)
        var line = 1
        var start = 0
        for index in 0..<offset where Self.endsLine(bytes, index) {
            line += 1
            start = index + 1
        }
        self.offset = offset
        self.line = line
        column = String(decoding: bytes[start..<offset], as: UTF8.self).count + 1
    }

    private static func endsLine(_ bytes: [UInt8], _ index: Int) -> Bool {
        if bytes[index] == 0x0a { return true }
        return bytes[index] == 0x0d && !(index + 1 < bytes.count && bytes[index + 1] == 0x0a)
    }

    /// The line with its number, and a caret below the place:
    ///
    ///        12 |   limits: { connections 4 }
    ///           |                         ^
    ///
    /// It can be shown anywhere: it has no control characters. Of a long line it has what is near the place.
    package func excerpt(of bytes: [UInt8]) -> String {
        let isEnd: (UInt8) -> Bool = { $0 == 0x0a || $0 == 0x0d }
        let start = bytes[..<offset].lastIndex(where: isEnd).map { $0 + 1 } ?? 0
        let end = bytes[offset...].firstIndex(where: isEnd) ?? bytes.count
        // What is far away is not even decoded: each character has one byte at least, and most have few.
        var before = Self.visible(bytes[max(start, offset - 2000)..<offset])
        var after = Self.visible(bytes[offset..<min(end, offset + 2000)])
        if before.count > Self.mostBefore { before = ["…"] + before.suffix(Self.mostBefore) }
        if after.count > Self.mostAfter { after = after.prefix(Self.mostAfter) + ["…"] }
        let number = "\(line)"
        let gutter = String(repeating: " ", count: max(5 - number.count, 0)) + number
        let margin = String(repeating: " ", count: gutter.count)
        let indent = String(repeating: " ", count: before.reduce(0) { $0 + Self.width($1) })
        let text = String(before + after)
        return "\(gutter) | \(text)\n\(margin) | \(indent)^"
    }

    private static let mostBefore = 70
    private static let mostAfter = 40

    /// Tabs are four columns wide; what a terminal might obey is replaced.
    private static func visible(_ bytes: ArraySlice<UInt8>) -> [Character] {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\t": text.append(contentsOf: "    ".unicodeScalars)
            case _ where JSON.isUnsafe(scalar): text.append("\u{fffd}")
            default: text.append(scalar)
            }
        }
        return Array(String(text))
    }

    /// Columns of a terminal: East Asian letters and pictures take two.
    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Capitals of TCVN3. It has no capitals with tones: they are small letters in the font .VnTimeH. As text alone they are in the
/// midst of plain capitals, "CéNG" for CỘNG, and this is how they are known.
///
/// A word becomes capitals if it has a plain capital behind its first letter and no plain small letter. In a line that has such
/// a word, and no word with a plain small letter, all words do. The encoder writes both with the same byte, so nothing is lost.
struct TCVN3Capitals: Sendable {
    private var line: [UInt32] = []
    /// A longer line is looked at in parts.
    private static let longestLine = 4096

    mutating func take(_ point: UInt32, into text: inout [UInt8]) {
        line.append(point)
        guard point == 0x0a || (line.count >= Self.longestLine && point == 0x20) || line.count >= 2 * Self.longestLine
        else { return }
        finish(into: &text)
    }

    mutating func finish(into text: inout [UInt8]) {
        restore()
        for point in line { UTF8Writer.append(point, to: &text) }
        line.removeAll(keepingCapacity: true)
    }

    private mutating func restore() {
        guard line.contains(where: { $0 >= 0x80 }) else { return }
        var words: [(range: Range<Int>, isCapital: Bool)] = []
        var hasSmall = false
        var hasCapital = false
        var start = 0
        while start < line.count {
            guard Self.isLetter(line[start]) else {
                start += 1
                continue
            }
            var end = start
            var (small, inner, marked) = (false, false, false)
            while end < line.count, Self.isLetter(line[end]) {
                let point = line[end]
                small = small || (0x61...0x7a).contains(point)
                inner = inner || (end > start && (0x41...0x5a).contains(point))
                marked = marked || point >= 0x80
                end += 1
            }
            hasSmall = hasSmall || small
            hasCapital = hasCapital || (inner && marked && !small)
            if marked, !small { words.append((start..<end, inner)) }
            start = end
        }
        for word in words where word.isCapital || (hasCapital && !hasSmall) {
            for place in word.range where line[place] >= 0x80 { line[place] = Self.capital(line[place]) }
        }
    }

    private static func isLetter(_ point: UInt32) -> Bool {
        (0x41...0x5a).contains(point) || (0x61...0x7a).contains(point) || capitals[point] != nil
            || capitalPoints.contains(point)
    }

    static func capital(_ point: UInt32) -> UInt32 { capitals[point] ?? point }

    /// The capitals of the small letters with marks.
    private static let capitals: [UInt32: UInt32] = {
        var capitals: [UInt32: UInt32] = [:]
        for point in VietnameseEncoding.tcvn3.upperHalf {
            guard let scalar = Unicode.Scalar(point), scalar.properties.isLowercase,
                let capital = scalar.properties.uppercaseMapping.unicodeScalars.first, capital != scalar
            else { continue }
            capitals[point] = capital.value
        }
        return capitals
    }()
    private static let capitalPoints = Set(capitals.values)
}

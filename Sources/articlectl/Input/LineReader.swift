// SPDX-License-Identifier: Apache-2.0

/// The lines of a source. Memory use does not depend on its size.
struct LineReader: ~Copyable {
    struct Line {
        /// From 1.
        let number: Int
        /// Without the line's end; empty if it is too long.
        let bytes: [UInt8]
        let isTooLong: Bool
    }

    private(set) var source: ByteSource
    /// Bytes that were read so far.
    var bytesRead: Int { source.bytesRead }
    /// The longest line that is returned, in bytes.
    let longest: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var searched = 0
    private var number = 0
    private var atEnd = false

    /// - Parameter longest: a longer line is skipped and reported as too long. A line of four times the length is an error:
    ///   such a source (/dev/zero) has no lines.
    init(_ source: consuming ByteSource, longest: Int = 64 << 20) {
        self.source = source
        self.longest = longest
    }

    /// The next line; nil at the end.
    mutating func next() throws(CommandFailure) -> Line? {
        var passedOver = 0
        while true {
            if let end = endOfLine() {
                let line = Line(
                    number: number + 1, bytes: passedOver > 0 ? [] : Array(buffer[start..<end]),
                    isTooLong: passedOver > 0)
                number += 1
                start = min(end + 1, buffer.count)
                searched = start
                return line
            }
            guard !atEnd else {
                guard passedOver > 0 else { return nil }
                number += 1
                return Line(number: number, bytes: [], isTooLong: true)
            }
            if start > 0 {
                buffer.removeSubrange(..<start)
                searched -= start
                start = 0
            }
            if buffer.count - start > longest {
                passedOver += buffer.count - start
                guard passedOver <= 4 * longest else { throw source.tooLarge(passedOver, in: "its line \(number + 1)") }
                buffer.removeAll(keepingCapacity: true)
                searched = 0
            }
            let count = try source.read(into: &buffer)
            atEnd = count == 0
        }
    }

    /// The next bytes, for a source that turned out not to consist of lines; empty at the end.
    ///
    /// - Parameter line: as of `rest`, at the first call.
    mutating func piece(beginningWith line: Line? = nil) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = line?.bytes ?? []
        if line != nil, start > 0, buffer[start - 1] == 0x0a { bytes.append(0x0a) }
        bytes += buffer[start...]
        start = buffer.count
        searched = start
        if bytes.isEmpty, !atEnd { atEnd = try source.read(into: &bytes) == 0 }
        return bytes
    }

    /// Everything that is left: for a source that turned out not to consist of lines.
    ///
    /// - Parameters:
    ///   - line: the last line from `next`, if it is a part of the rest.
    ///   - most: throws if there are more bytes.
    mutating func rest(beginningWith line: Line? = nil, most: Int) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = line?.bytes ?? []
        if line != nil, start > 0, buffer[start - 1] == 0x0a { bytes.append(0x0a) }
        bytes += buffer[start...]
        start = buffer.count
        searched = start
        while !atEnd, bytes.count <= most {
            let count = try source.read(into: &bytes)
            atEnd = count == 0
        }
        guard bytes.count <= most else { throw source.tooLarge(most, in: "it") }
        return bytes
    }

    /// Where the current line ends; the last line may lack a line feed.
    private mutating func endOfLine() -> Int? {
        searched = Self.lineFeed(in: buffer, from: searched)
        if searched < buffer.count { return searched }
        return atEnd && start < buffer.count ? searched : nil
    }

    private static func lineFeed(in buffer: [UInt8], from start: Int) -> Int {
        let span = buffer.span
        var place = start
        while place < span.count, span[place] != 0x0a { place += 1 }
        return place
    }
}

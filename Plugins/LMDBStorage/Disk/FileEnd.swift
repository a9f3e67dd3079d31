internal import ArticleProtocol
internal import Glibc

/// Where a file ends that grows by small writes, and is filled with zeros ahead of them: with the zeros that costs a third less than to
/// make the file longer with each, and a sync has no new size to bring to disk.
struct FileEnd {
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    private(set) var offset: Int
    /// How much is filled at once, in pieces of 64 KB.
    private let pieces: Int
    /// A write of so many bytes is not small: to write all twice costs more than it gains.
    private let large: Int

    /// - Parameter step: how much is filled at once: at least 64 KB.
    init(_ offset: Int, step: Int, large: Int) {
        self.offset = offset
        self.pieces = step / Self.zeros.count
        self.large = large
    }

    /// Before a write. A help alone: a full disk is told by the write itself.
    mutating func prepare(_ file: any DiskFile, for range: Range<Int>) {
        guard range.upperBound > offset else { return }
        let start = max(offset, range.lowerBound)
        offset = range.upperBound
        if range.count < large, fill(file, at: start) { offset = max(offset, start + pieces * Self.zeros.count) }
    }

    private func fill(_ file: any DiskFile, at start: Int) -> Bool {
        unsafe Self.zeros.lend { zeros in
            let piece = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: zeros.baseAddress), iov_len: zeros.count)
            return unsafe (try? file.write([iovec](repeating: piece, count: pieces), at: start)) != nil
        }
    }
}

internal import ArticleProtocol
internal import Glibc

/// Every write of the engine, and every call that decides what is on disk, so that a test can have each of them fail.
/// LMDB's own writes bypass it; ``LMDBEnvironment`` brings them to disk through it.
protocol Disk: Sendable {
    /// Opens a file, or makes it.
    ///
    /// Each thread that syncs a file opens it for itself: an error that the kernel meets when it writes is told once to each
    /// opening of the file (fsync(2)), and must not be told to another thread alone.
    func open(_ path: String) throws(ServiceError) -> any DiskFile
}

/// A file on a disk.
protocol DiskFile: AnyObject, Sendable {
    var path: String { get }

    /// How many bytes it has; all of them were written before.
    func size() throws(ServiceError) -> Int

    /// Whether it still has a name. What is written to one without a name is lost with the process.
    var isLinked: Bool { get }

    /// Reads bytes; fewer at the end.
    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8]

    /// Writes parts of memory behind each other. All of it, or an error.
    func write(_ parts: [iovec], at offset: Int) throws(ServiceError)

    /// Has the disk begin with what was written at an offset: ``sync()`` has less to wait for then. An error is as final as that
    /// of a sync, which may not tell it again.
    func startWriting(_ count: Int, at offset: Int) throws(ServiceError)

    /// Has a part written, ahead of a sync, and waits for it. An error is as final as that of a sync.
    func writeAhead(_ count: Int, at offset: Int) throws(ServiceError)

    /// Brings to disk what was written before. An error is final: what was not brought to disk cannot be told.
    func sync() throws(ServiceError)

    /// Nobody reads a part soon, or all of it if `count` is 0: the memory is better used elsewhere.
    func forget(_ count: Int, at offset: Int)

    /// Gives space back.
    func shrink(to size: Int)

    /// Nobody uses it any more, though somebody may still have it.
    func close()
}

extension DiskFile {
    /// The same for an array.
    func write(_ bytes: [UInt8], at offset: Int) throws(ServiceError) {
        try unsafe bytes.lend { bytes throws(ServiceError) in
            let part = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            try unsafe write([part], at: offset)
        }
    }
}

/// The real one.
struct SystemDisk: Disk {
    func open(_ path: String) throws(ServiceError) -> any DiskFile { try SystemFile(path) }
}

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

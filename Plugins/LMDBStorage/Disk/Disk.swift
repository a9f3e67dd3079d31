// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc

/// All writes and syncs of the engine go through this protocol, so that a test can make each of them fail. LMDB
/// writes its own file; ``LMDBEnvironment`` syncs it through here.
protocol Disk: Sendable {
    /// Opens a file, and creates it if it does not exist.
    ///
    /// Each thread that syncs a file opens it separately. The kernel reports a write error once per open file
    /// description (fsync(2)), so a shared one would report it to a single thread only.
    func open(_ path: String) throws(ServiceError) -> any DiskFile
}

/// A file on a disk.
protocol DiskFile: AnyObject, Sendable {
    var path: String { get }

    /// The size in bytes. Everything up to here has been written.
    func size() throws(ServiceError) -> Int

    /// Whether the file still has a name. Data in a file without a name is lost when the process ends.
    var isLinked: Bool { get }

    /// Reads up to `count` bytes; fewer at the end of the file.
    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8]

    /// Writes the parts one after the other: all of them, or it throws.
    func write(_ parts: [iovec], at offset: Int) throws(ServiceError)

    /// Starts writing a range to disk, so that ``sync()`` has less to wait for. An error is as final as an error of
    /// `sync()`, which may not report it again.
    func startWriting(_ count: Int, at offset: Int) throws(ServiceError)

    /// Writes a range to disk ahead of a sync, and waits for it. An error is as final as an error of `sync()`.
    func writeAhead(_ count: Int, at offset: Int) throws(ServiceError)

    /// Makes everything written so far durable. An error is final: what is on disk is unknown from then on.
    func sync() throws(ServiceError)

    /// Drops a range from the page cache, or the whole file if `count` is 0: it will not be read soon.
    func forget(_ count: Int, at offset: Int)

    /// Truncates the file to `size` if it is longer.
    func shrink(to size: Int)

    /// Closes the file, even if another object still holds this one.
    func close()
}

extension DiskFile {
    /// Writes an array.
    func write(_ bytes: [UInt8], at offset: Int) throws(ServiceError) {
        try unsafe bytes.lend { bytes throws(ServiceError) in
            let part = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            try unsafe write([part], at: offset)
        }
    }
}

/// The real disk.
struct SystemDisk: Disk {
    func open(_ path: String) throws(ServiceError) -> any DiskFile { try SystemFile(path) }
}

/// Tracks the end of a file that grows by small writes, and fills it with zeros ahead of them. A write into existing
/// zeros costs a third less than one that extends the file, and the sync has no new size to record.
struct FileEnd {
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    private(set) var offset: Int
    /// How much to fill at once, in pieces of 64 KB.
    private let pieces: Int
    /// A write of at least this size is not preceded by zeros: writing everything twice would cost more than it
    /// saves.
    private let large: Int

    /// - Parameter step: how much to fill at once; at least 64 KB.
    init(_ offset: Int, step: Int, large: Int) {
        self.offset = offset
        self.pieces = step / Self.zeros.count
        self.large = large
    }

    /// Called before a write. Filling is an optimization: if the disk is full, the write itself reports it.
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

// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
internal import Glibc

/// Keeps a reader's position in the changes in a file, so that it goes on there after a restart.
///
/// A save replaces the file as a whole, on disk: after a crash or a power cut it holds this position or an earlier one,
/// and the changes between the two come again. Save at most about once a second: each save waits for the disk. Not for
/// event loops.
public struct PositionFile: Sendable {
    /// A saved position.
    public struct Saved: Sendable, Equatable {
        /// The position.
        public var position: ChangePosition
        /// When it was saved, in milliseconds since 1970-01-01T00:00:00Z.
        public var savedAt: Int64

        /// Creates one that was not in a file.
        public init(position: ChangePosition, savedAt: Int64) {
            self.position = position
            self.savedAt = savedAt
        }
    }

    // "ARTDPOS1", the position, the time (8 bytes, big-endian), and the CRC-32C of all that (4 bytes, big-endian).
    private static let magic = Array("ARTDPOS1".utf8)
    private static let size = magic.count + ChangePosition.size + 12

    /// The path of the file.
    public let path: String

    /// Names the file. It need not exist.
    public init(_ path: String) { self.path = path }

    /// The saved position; `nil` if none was saved.
    ///
    /// - Throws: `dataLoss` if the file is damaged, `unavailable` if it cannot be read.
    public func load() throws(ServiceError) -> Saved? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("read")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.size + 1)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw failure("read") }
        bytes.removeLast(bytes.count - count)
        guard bytes.count == Self.size, bytes.starts(with: Self.magic),
            Self.number(bytes[(Self.size - 4)...]) == UInt64(CRC32C.checksum(Array(bytes[..<(Self.size - 4)]))),
            let position = ChangePosition(bytes: Array(bytes[8..<8 + ChangePosition.size]))
        else { throw ServiceError(.dataLoss, "\(path) is damaged: remove it to start from the beginning") }
        return Saved(
            position: position,
            savedAt: Int64(truncatingIfNeeded: Self.number(bytes[(Self.size - 12)..<(Self.size - 4)])))
    }

    /// Saves a position, and waits until it is on disk.
    ///
    /// - Returns: what was saved.
    /// - Throws: `unavailable` with the reason, for example that the disk is full. The file is unchanged then.
    @discardableResult
    public func save(_ position: ChangePosition) throws(ServiceError) -> Saved {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = Int64(now.tv_sec) &* 1000 &+ Int64(now.tv_nsec) / 1_000_000
        var bytes = Self.magic + position.bytes + Self.bytes(UInt64(bitPattern: milliseconds), 8)
        bytes += Self.bytes(UInt64(CRC32C.checksum(bytes)), 4)
        let draft = path + ".new"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write") }
        let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        // A short write means that the disk is full.
        if count >= 0, count < bytes.count { errno = ENOSPC }
        let isWritten = count == bytes.count && fsync(descriptor) == 0
        let problem = errno
        close(descriptor)
        errno = problem
        guard isWritten, unsafe rename(draft, path) == 0 else {
            let error = failure("write")
            unsafe unlink(draft)
            throw error
        }
        try syncDirectory()
        return Saved(position: position, savedAt: milliseconds)
    }

    /// Removes the file, if there is one.
    public func remove() throws(ServiceError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove") }
    }

    private func syncDirectory() throws(ServiceError) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("write") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write") }
    }

    private func failure(_ verb: String) -> ServiceError {
        ServiceError(.unavailable, "cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

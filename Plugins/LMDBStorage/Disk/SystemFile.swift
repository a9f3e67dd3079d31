// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// A file on a real disk.
final class SystemFile: DiskFile {
    /// The most parts that one call accepts (IOV_MAX, limits.h).
    private static let maxParts = 1024

    let path: String
    let descriptor: Int32
    private let isClosed = Atomic(false)

    init(_ path: String) throws(ServiceError) {
        self.path = path
        descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("cannot write \(path)") }
    }

    deinit { close() }

    func close() {
        if !isClosed.exchange(true, ordering: .relaxed) { Glibc.close(descriptor) }
    }

    func size() throws(ServiceError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system("cannot read \(path)") }
        return Int(status.st_size)
    }

    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8] {
        var failure: ServiceError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let step = unsafe pread(
                    descriptor, UnsafeMutableRawBufferPointer(buffer).baseAddress.unsafelyUnwrapped + filled,
                    count - filled, off_t(offset + filled))
                if step < 0, errno == EINTR { continue }
                if step < 0 { failure = .system("cannot read \(path)") }
                if step <= 0 { return }
                filled += step
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func write(_ parts: [iovec], at offset: Int) throws(ServiceError) {
        var left = unsafe parts[...]
        var offset = offset
        while unsafe !left.isEmpty {
            let count = unsafe min(left.count, Self.maxParts)
            let written = unsafe left.withUnsafeBufferPointer {
                unsafe pwritev(descriptor, $0.baseAddress, Int32(count), off_t(offset))
            }
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { throw .system("cannot write \(path)") }
            // On a full disk the first write is short, and the next one fails.
            offset += written
            unsafe Self.drop(written, from: &left)
        }
    }

    private static func drop(_ bytes: Int, from parts: inout ArraySlice<iovec>) {
        var bytes = bytes
        while let part = unsafe parts.first {
            if unsafe bytes < part.iov_len {
                unsafe parts[parts.startIndex].iov_base += bytes
                unsafe parts[parts.startIndex].iov_len -= bytes
                return
            }
            unsafe bytes -= part.iov_len
            unsafe parts.removeFirst()
        }
    }

    func startWriting(_ count: Int, at offset: Int) throws(ServiceError) {
        guard clinux_start_write_back(descriptor, Int64(offset), Int64(count)) == 0 else {
            throw .system("cannot sync \(path)")
        }
    }

    func writeAhead(_ count: Int, at offset: Int) throws(ServiceError) {
        guard clinux_write_back(descriptor, Int64(offset), Int64(count)) == 0 else {
            throw .system("cannot sync \(path)")
        }
    }

    var isLinked: Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_nlink > 0
    }

    func sync() throws(ServiceError) {
        guard fdatasync(descriptor) == 0 else { throw .system("cannot sync \(path)") }
    }

    func forget(_ count: Int, at offset: Int) {
        posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
    }

    func shrink(to size: Int) {
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0, Int(status.st_size) > size { _ = ftruncate(descriptor, off_t(size)) }
    }
}

/// Reads a file, or part of it, before it is opened for good.
enum FilePart {
    /// Reads up to `count` bytes, fewer at the end of the file; `nil` if there is no file. A directory yields no
    /// bytes: whoever opens it later reports the error.
    static func read(_ path: String, _ count: Int, at offset: Int) throws(ServiceError) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("cannot read \(path)")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = unsafe pread(descriptor, &bytes, count, off_t(offset))
        guard found >= 0 || errno == EISDIR else { throw .system("cannot read \(path)") }
        return Array(bytes.prefix(max(0, found)))
    }

    /// Reads the whole file; `nil` if there is none.
    static func readAll(_ path: String) throws(ServiceError) -> [UInt8]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .system("cannot read \(path)")
        }
        return try read(path, Int(status.st_size), at: 0)
    }

    /// Whether anything has this name.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }
}

/// Free disk space.
enum DiskSpace {
    private static let minFree: UInt64 = 256 << 20

    /// Degraded while there is still time to act: below 256 MiB free, or below 5 % of a smaller disk.
    static func health(of directory: String) -> Health {
        var information = statvfs()
        guard unsafe statvfs(directory, &information) == 0 else {
            return Health(.unhealthy, "\(directory): \(unsafe String(cString: strerror(errno)))")
        }
        let (free, total) = (information.bytes(\.f_bavail), information.bytes(\.f_blocks))
        guard free < min(minFree, total / 20) else { return .healthy }
        return Health(.degraded, "\(directory): the disk has \(free >> 20) MiB left: free some space")
    }
}

extension statvfs {
    /// A number of blocks, in bytes. A file system in user space may say anything: it never overflows.
    func bytes(_ blocks: KeyPath<statvfs, fsblkcnt_t>) -> UInt64 {
        let (bytes, overflows) = UInt64(self[keyPath: blocks]).multipliedReportingOverflow(by: UInt64(f_frsize))
        return overflows ? .max : bytes
    }
}

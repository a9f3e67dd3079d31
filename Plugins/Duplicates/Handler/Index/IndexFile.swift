// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
import Glibc
internal import IndexFollowing

/// An open file of the index.
///
/// It is read with pread(2) and not mapped: a file that was cut, or a disk that fails, is an error and not a signal.
final class IndexFile: Sendable {
    let path: String
    private let descriptor: Int32

    private init(_ path: String, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Opens a file to read; nil if there is none.
    static func open(_ path: String) throws(IndexError) -> IndexFile? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        return IndexFile(path, descriptor)
    }

    /// Creates a file, or empties the one that is there.
    static func create(_ path: String) throws(IndexError) -> IndexFile {
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("create", path) }
        return IndexFile(path, descriptor)
    }

    static func failure(_ verb: String, _ path: String) -> IndexError {
        IndexError(kind: .io, message: "cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }

    static func damaged(_ path: String, _ reason: String) -> IndexError {
        IndexError(kind: .damaged, message: "\(path) is damaged: \(reason)")
    }

    /// The size of the file.
    func size() throws(IndexError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("read", path) }
        return Int(status.st_size)
    }

    /// Reads all of these bytes.
    ///
    /// - Throws: `damaged` if the file ends before.
    func read(at offset: Int, count: Int) throws(IndexError) -> [UInt8] {
        var failure: IndexError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
            size = 0
            while size < count {
                let piece = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + size }, count - size, off_t(offset + size))
                if piece < 0, errno == EINTR { continue }
                guard piece > 0 else {
                    failure = piece == 0 ? Self.damaged(path, "it ends too early") : Self.failure("read", path)
                    return
                }
                size += piece
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of these bytes.
    func write(_ bytes: [UInt8], at offset: Int) throws(IndexError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written,
                    off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            if count == 0 { errno = ENOSPC }
            guard count > 0 else { throw Self.failure("write", path) }
            written += count
        }
    }

    /// Waits until everything is on disk.
    func sync() throws(IndexError) {
        guard fdatasync(descriptor) == 0 else { throw Self.failure("sync", path) }
    }

    /// Waits until the names in a directory are on disk.
    static func syncDirectory(_ path: String) throws(IndexError) {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// Removes a file, if it is there.
    static func remove(_ path: String) throws(IndexError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// The names of a directory's files; none if there is no directory.
    static func names(in directory: String) throws(IndexError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            if errno == ENOENT { return [] }
            throw failure("read", directory)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// Numbers in files are little-endian.
enum LittleEndian {
    static func append(_ value: UInt64, _ size: Int, to bytes: inout [UInt8]) {
        for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    /// The number of `size` bytes at an offset, which must be inside.
    @inline(__always)
    static func read(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return value
    }
}

/// A set of numbers below a bound, in one bit each.
struct BitSet: Sendable, Equatable {
    private(set) var words: [UInt64]
    let count: Int
    /// How many are in the set.
    private(set) var members = 0

    /// Creates an empty set of numbers below `count`.
    init(count: Int) {
        self.count = count
        words = [UInt64](repeating: 0, count: (count + 63) / 64)
    }

    /// nil if the words have another size, or bits beyond the bound.
    init?(count: Int, words: [UInt64]) {
        guard words.count == (count + 63) / 64 else { return nil }
        if count % 64 != 0, let last = words.last, last >> UInt64(count % 64) != 0 { return nil }
        self.count = count
        self.words = words
        members = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    func contains(_ number: Int) -> Bool { words[number >> 6] >> UInt64(number & 63) & 1 != 0 }

    /// Returns `false` if it was in the set before.
    @discardableResult
    mutating func insert(_ number: Int) -> Bool {
        guard !contains(number) else { return false }
        words[number >> 6] |= 1 << UInt64(number & 63)
        members += 1
        return true
    }
}

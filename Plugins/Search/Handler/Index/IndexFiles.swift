// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
import Glibc
internal import IndexFollowing
internal import Synchronization

/// The files of an index, in a directory of their own, and the checksums that were taken of them.
///
/// Lucene++ has no checksums: it would answer wrongly from damaged files, or crash. Its files are written once, so a
/// checksum that was taken after a commit stays valid. A file without one, of a commit that was cut off, is trusted.
final class IndexFiles: Sendable {
    /// Where the files are.
    let path: String
    private let list: String
    private let known: Mutex<[String: Sum]>
    private let directory: String
    private let lockHeld = Mutex<DirectoryLock?>(nil)

    private struct Sum: Equatable {
        var size: Int
        var checksum: UInt32
    }

    init(_ directory: String) {
        path = directory + "/index"
        list = directory + "/checksums"
        self.directory = directory
        known = Mutex([:])
    }

    /// Sees to it that nobody else opens the index.
    ///
    /// - Throws: `locked` if somebody has it open.
    func lock() throws(IndexError) {
        let lock = try DirectoryLock(directory)
        lockHeld.withLock { $0 = lock }
    }

    /// Gives the lock back.
    func unlock() {
        lockHeld.withLock { lock in
            lock?.unlock()
            lock = nil
        }
    }

    /// Compares all files with their checksums.
    ///
    /// - Throws: `damaged` if a file is not what it was.
    func verify() throws(IndexError) {
        // Without the list, nothing is known.
        guard let bytes = try? Self.contents(of: list) else { return }
        var sums: [String: Sum] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 3, let size = Int(fields[1]), let checksum = UInt32(fields[2], radix: 16) else {
                continue
            }
            sums[String(fields[0])] = Sum(size: size, checksum: checksum)
        }
        for (name, sum) in sums {
            guard let present = try Self.sum(path + "/" + name) else {
                sums[name] = nil
                continue
            }
            guard present == sum else {
                throw IndexError(
                    kind: .damaged, message: "\(path)/\(name) is damaged: its checksum does not match")
            }
        }
        known.withLock { [sums] in $0 = sums }
    }

    /// Takes the checksums of the files of a commit, as far as they are not known.
    ///
    /// - Throws: `damaged` if one of them is not there.
    func record(_ names: [String]) throws(IndexError) {
        let before = known.withLock { $0 }
        var sums: [String: Sum] = [:]
        var text = ""
        for name in names.sorted() {
            let taken: Sum? = if let sum = before[name] { sum } else { try Self.sum(path + "/" + name) }
            guard let sum = taken, unsafe access(path + "/" + name, F_OK) == 0 else {
                throw IndexError(kind: .damaged, message: "\(path)/\(name) has disappeared")
            }
            sums[name] = sum
            text += "\(name) \(sum.size) \(String(sum.checksum, radix: 16))\n"
        }
        guard sums != before else { return }
        try Self.replace(list, with: Array(text.utf8))
        known.withLock { [sums] in $0 = sums }
    }

    /// Removes the index, which is locked.
    func remove() throws(IndexError) {
        // First what is needed to open it, so that a crash leaves none that is half removed.
        for name in try Self.names(in: path).sorted(by: { $0.hasPrefix("segments") && !$1.hasPrefix("segments") }) {
            guard unsafe unlink(path + "/" + name) == 0 || errno == ENOENT else { throw Self.failure("remove", path) }
        }
        guard unsafe unlink(list) == 0 || errno == ENOENT else { throw Self.failure("remove", list) }
    }

    /// The size of all files, in bytes.
    var bytes: UInt64 {
        guard let names = try? Self.names(in: path) else { return 0 }
        return names.reduce(0) { total, name in
            var status = stat()
            return unsafe stat(path + "/" + name, &status) == 0 ? total + UInt64(clamping: status.st_size) : total
        }
    }
}

extension IndexFiles {
    private static func failure(_ verb: String, _ path: String) -> IndexError {
        IndexError(kind: .io, message: "cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }

    private static func names(in directory: String) throws(IndexError) -> [String] {
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

    /// Calls `body` with the pieces of a file; nil if there is no such file.
    private static func read(_ path: String, _ body: (Span<UInt8>) -> Void) throws(IndexError) -> Int? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { Glibc.close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var size = 0
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return size }
            size += count
            body(buffer.span.extracting(..<count))
        }
    }

    private static func contents(of path: String) throws(IndexError) -> [UInt8]? {
        var bytes: [UInt8] = []
        let size = try read(path) { piece in for index in piece.indices { bytes.append(piece[index]) } }
        return size == nil ? nil : bytes
    }

    private static func sum(_ path: String) throws(IndexError) -> Sum? {
        var checksum: UInt32 = 0
        guard let size = try read(path, { checksum = unsafe CRC32C.checksum($0.bytes, continuing: checksum) }) else {
            return nil
        }
        return Sum(size: size, checksum: checksum)
    }

    /// Not synced: after a power loss the list may be an older one or none.
    private static func replace(_ path: String, with bytes: [UInt8]) throws(IndexError) {
        let new = path + ".new"
        let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("write", new) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { Glibc.close(descriptor) }
                throw failure("write", new)
            }
            written += count
        }
        Glibc.close(descriptor)
        guard unsafe rename(new, path) == 0 else { throw failure("replace", path) }
    }
}

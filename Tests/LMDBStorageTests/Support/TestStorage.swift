// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc

@testable import LMDBStorage

/// A temporary directory, removed with everything in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/articled-storage-XXXXXX".utf8CString)
        path =
            unsafe mkdtemp(&template) == nil
            ? "" : String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        precondition(!path.isEmpty, "mkdtemp failed")
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if let directory = unsafe opendir(path) {
            while let entry = unsafe readdir(directory) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                    unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            unsafe closedir(directory)
            unsafe rmdir(path)
        } else {
            unsafe unlink(path)
        }
    }
}

/// Whole files.
enum FileBytes {
    static func read(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var status = stat()
        unsafe fstat(descriptor, &status)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let size = bytes.count
        let count = unsafe pread(descriptor, &bytes, size, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Overwrites a file in place, while it may be in use.
    static func overwrite(_ bytes: [UInt8], in path: String) {
        let descriptor = unsafe open(path, O_WRONLY)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = unsafe pwrite(descriptor, bytes, bytes.count, 0)
    }

    static func write(_ bytes: [UInt8], to path: String) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = unsafe pwrite(descriptor, bytes, bytes.count, 0)
    }
}

extension EngineLimits {
    /// The defaults, except for the maps: the process of the tests has dozens of storages open at once, within the
    /// same 128 TiB of address space.
    static let tests = {
        var limits = EngineLimits()
        limits.mapSize = 16 << 30
        return limits
    }()
}

extension LMDBEnvironment {
    /// Opens a closed storage, or an empty one.
    static func forTests(_ path: String, _ limits: EngineLimits = .tests) throws -> LMDBEnvironment {
        let (directory, disk) = (try DataDirectory(path), SystemDisk())
        if !FilePart.exists(directory.database) {
            let hash = KeyedHash.new()
            try HeapFile.create(directory.heap, hash, disk)
            try LMDBEnvironment.make(in: directory, HeapHead(hash), limits, disk).close()
            try directory.adoptIndex()
        }
        guard case .head(let head)? = try HeapHead.read(directory.heap) else {
            throw ServiceError(.internal, "there is no heap in \(path)")
        }
        return try .open(in: directory, head, limits, disk)
    }
}

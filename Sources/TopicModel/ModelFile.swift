// SPDX-License-Identifier: Apache-2.0
import CISAL
import Glibc

/// An open model file. Later reads use this file, even if another file has taken its name in the meantime.
public final class ModelFile: Sendable {
    /// The path that was opened.
    public let path: String
    let descriptor: Int32

    /// Opens the file. Its content is checked when a model is read from it.
    public init(path: String) throws(TopicModelError) {
        self.path = path
        // O_NONBLOCK: a FIFO of that name must not block.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The error in errno.
    func failure() -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unreadable, "cannot read the topic model \(path): \(reason)")
    }
}

/// The bytes of a model file, copied into private memory.
///
/// A mapping of the file would change when somebody writes to the file, and would kill the process when the file is
/// truncated. The copy stays as it was checked. Huge pages make lookups faster.
@safe final class ModelMemory: @unchecked Sendable {  // read-only and unchanged from the end of `init` on
    let bytes: UnsafeRawBufferPointer

    /// The largest model file, in bytes.
    private static let maxBytes = 4 << 30

    init(_ file: ModelFile) throws(TopicModelError) {
        let path = file.path
        var status = stat()
        guard unsafe fstat(file.descriptor, &status) == 0 else { throw file.failure() }
        guard status.st_mode & S_IFMT == S_IFREG, (1...ModelMemory.maxBytes).contains(Int(status.st_size)) else {
            let what = status.st_mode & S_IFMT == S_IFREG ? "a file of \(status.st_size) bytes" : "not a regular file"
            throw TopicModelError(.foreign, "\(path) is not a topic model: it is \(what)")
        }
        let size = Int(status.st_size)
        guard let memory = unsafe Self.allocate(size) else { throw file.failure() }
        var offset = 0
        while offset < size {
            // `offset` is below `size`, so it is within the memory.
            let count = unsafe pread(file.descriptor, memory + offset, size - offset, offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = file.failure()
                unsafe _ = munmap(memory, size)
                throw count < 0 ? failure : TopicModelError(.damaged, "\(path) was truncated while it was read")
            }
            offset += count
        }
        unsafe _ = mprotect(memory, size, PROT_READ)
        unsafe bytes = UnsafeRawBufferPointer(start: memory, count: size)
    }

    /// - Parameter name: what messages call the model.
    init(copying content: [UInt8], name: String) throws(TopicModelError) {
        guard let memory = unsafe Self.allocate(content.count) else {
            throw TopicModelError(.unreadable, "there is no memory for the topic model \(name)")
        }
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: content.count).copyBytes(from: content)
        unsafe _ = mprotect(memory, content.count, PROT_READ)
        unsafe bytes = UnsafeRawBufferPointer(start: memory, count: content.count)
    }

    /// Allocates writable pages. Returns `nil`, with errno set, if there is no memory.
    private static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
        unsafe _ = madvise(memory, size, MADV_HUGEPAGE)  // a hint: small pages work as well
        return unsafe memory
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

/// CRC-32C (RFC 3720, appendix B.4) computed by ISA-L.
enum Checksum {
    static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state: UInt32 = 0xffff_ffff
        var offset = 0
        // The library takes a size of 31 bits, and does not write through the pointer.
        let step = 1 << 30
        while offset < bytes.count {
            let size = min(step, bytes.count - offset)
            let part = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress! + offset)
            state = unsafe crc32_iscsi(part.assumingMemoryBound(to: UInt8.self), Int32(size), state)
            offset += size
        }
        return ~state
    }
}

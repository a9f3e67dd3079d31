import CISAL
import Glibc

/// A model's file that stays open: whatever is read from it later is of the file that was there, even if another one has
/// taken its name since.
public final class ModelFile: Sendable {
    /// The name that it was opened by.
    public let path: String
    let descriptor: Int32

    /// Opens the file; what is in it shows when a model is read from it.
    public init(path: String) throws(TopicModelError) {
        self.path = path
        // O_NONBLOCK: a pipe of that name must not hold us up.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What errno says.
    func failure() -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unreadable, "cannot read the topic model \(path): \(reason)")
    }
}

/// A model file's bytes, read into memory of our own.
///
/// A mapping of the file itself would change when somebody writes into the file, and kill the process when it is cut;
/// this is the model that was checked, whatever becomes of the file. Large pages make its look-ups faster.
@safe final class ModelMemory: @unchecked Sendable {  // read-only and unchanged from the end of `init` on
    let bytes: UnsafeRawBufferPointer

    /// A file that is larger than this is no model.
    private static let mostBytes = 4 << 30

    init(_ file: ModelFile) throws(TopicModelError) {
        let path = file.path
        var status = stat()
        guard unsafe fstat(file.descriptor, &status) == 0 else { throw file.failure() }
        guard status.st_mode & S_IFMT == S_IFREG, (1...ModelMemory.mostBytes).contains(Int(status.st_size)) else {
            let what = status.st_mode & S_IFMT == S_IFREG ? "a file of \(status.st_size) bytes" : "no regular file"
            throw TopicModelError(.foreign, "\(path) is not a topic model: it is \(what)")
        }
        let size = Int(status.st_size)
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw file.failure() }
        unsafe _ = madvise(memory, size, MADV_HUGEPAGE)  // a wish: small pages do as well
        var offset = 0
        while offset < size {
            // `offset` is below `size`: within the memory.
            let count = unsafe pread(file.descriptor, memory + offset, size - offset, offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = file.failure()
                unsafe _ = munmap(memory, size)
                throw count < 0 ? failure : TopicModelError(.damaged, "\(path) became shorter while it was read")
            }
            offset += count
        }
        unsafe _ = mprotect(memory, size, PROT_READ)
        unsafe bytes = UnsafeRawBufferPointer(start: memory, count: size)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

/// CRC-32C (RFC 3720, appendix B.4) by the processor's own instruction.
enum Checksum {
    static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state: UInt32 = 0xffff_ffff
        var offset = 0
        // The library takes a size of 31 bits; it only reads, whatever its signature says.
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

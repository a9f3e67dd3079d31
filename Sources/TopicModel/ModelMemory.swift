import Glibc

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
        guard let memory = unsafe Self.allocate(size) else { throw file.failure() }
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

    init(copying content: [UInt8], name: String) throws(TopicModelError) {
        guard let memory = unsafe Self.allocate(content.count) else {
            throw TopicModelError(.unreadable, "there is no memory for the topic model \(name)")
        }
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: content.count).copyBytes(from: content)
        unsafe _ = mprotect(memory, content.count, PROT_READ)
        unsafe bytes = UnsafeRawBufferPointer(start: memory, count: content.count)
    }

    /// Pages to write to; nil if there are none, as errno says.
    private static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
        unsafe _ = madvise(memory, size, MADV_HUGEPAGE)  // a wish: small pages do as well
        return unsafe memory
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}

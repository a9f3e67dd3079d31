import Glibc

/// A file's bytes, mapped read-only for as long as this lives.
@safe final class MappedFile: @unchecked Sendable {  // the mapping is private, read-only and never changes
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(TopicModelError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MappedFile.failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw MappedFile.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            throw TopicModelError(
                .foreign, "\(path) is not a topic model: it is \(status.st_size == 0 ? "empty" : "no file")")
        }
        let size = Int(status.st_size)
        // Private: a writer that replaces the file by renaming leaves this mapping alone.
        let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { throw MappedFile.failure(path) }
        unsafe bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    private static func failure(_ path: String) -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unreadable, "cannot read the topic model \(path): \(reason)")
    }
}

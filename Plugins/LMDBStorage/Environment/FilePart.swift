internal import ArticleProtocol
internal import Glibc

/// A part of a file, read before the file is opened for good.
enum FilePart {
    /// Reads so many bytes, fewer at the file's end; `nil` if there is no file. What is no regular file has none: whoever opens it
    /// says so.
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
}

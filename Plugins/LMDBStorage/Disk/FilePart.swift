internal import ArticleProtocol
internal import Glibc

/// A file, or a part of it, read before it is opened for good.
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

    /// All of a file; `nil` if there is none.
    static func readAll(_ path: String) throws(ServiceError) -> [UInt8]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .system("cannot read \(path)")
        }
        return try read(path, Int(status.st_size), at: 0)
    }

    /// Whether there is anything of this name.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }
}

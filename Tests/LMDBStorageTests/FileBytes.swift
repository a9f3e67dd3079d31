import Glibc

/// A file as a whole.
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

    /// Writes over what is there, which may be in use.
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

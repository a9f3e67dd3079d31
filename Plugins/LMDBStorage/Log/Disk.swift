internal import ArticleProtocol
internal import CLinux
internal import Glibc

/// The system calls that decide what is on disk, apart, so that a test can have them fail.
protocol Disk: Sendable {
    /// Opens a file of the log, or makes it.
    func open(_ path: String) throws(ServiceError) -> any LogFile

    /// Has a part of the database or the heap written, ahead of a sync.
    ///
    /// - Returns: an `errno`, or 0. An error is as final as that of a sync: it is told once.
    func write(ahead descriptor: Int32, at offset: Int, _ count: Int) -> Int32

    /// Brings the heap to disk.
    ///
    /// - Returns: an `errno`, or 0.
    func sync(heap descriptor: Int32) -> Int32

    /// Brings the database to disk.
    ///
    /// - Returns: an `errno`, or 0.
    func sync(database descriptor: Int32) -> Int32
}

/// The real one.
struct SystemDisk: Disk {
    func open(_ path: String) throws(ServiceError) -> any LogFile { try DiskLogFile(path) }

    func write(ahead descriptor: Int32, at offset: Int, _ count: Int) -> Int32 {
        clinux_write_back(descriptor, Int64(offset), Int64(count)) == 0 ? 0 : errno
    }

    func sync(heap descriptor: Int32) -> Int32 { fdatasync(descriptor) == 0 ? 0 : errno }

    func sync(database descriptor: Int32) -> Int32 { fdatasync(descriptor) == 0 ? 0 : errno }
}

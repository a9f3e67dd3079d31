internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// The file in which the records lie. Reads are from its map; a record is written to where nobody looks yet, before the
/// database says that it is there.
///
/// Sendable although it has a pointer: the map is there from the beginning to ``close()``.
@safe
final class HeapFile: @unchecked Sendable {
    /// Where the first record may begin.
    static let start = HeapHead.size

    let path: String
    let descriptor: Int32
    /// The most that the file can have.
    let capacity: Int
    private let head: HeapHead
    private let file: DiskLogFile
    private let base: UnsafeRawPointer
    /// How much of the map can be read.
    private let readable: Atomic<Int>
    private let growth: Mutex<Growth>

    private struct Growth {
        var end: FileEnd
        /// What was written, and not given to the disk ahead of a sync yet.
        var written = 0..<0
    }

    /// Makes an empty one, in the place of whatever is there.
    static func create(_ path: String, _ hash: KeyedHash) throws(ServiceError) {
        let file = try DiskLogFile(path)
        file.shrink(to: 0)
        try file.write(HeapHead(hash).encoded(), at: 0)
        try file.sync()
    }

    /// Whether a file has records, or may have.
    static func mayHaveRecords(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && Int(status.st_size) > start
    }

    /// Opens that of a database.
    ///
    /// - Parameters:
    ///   - end: where the database says that its records end.
    ///   - capacity: how large the map is to be; less if there is no address space for it.
    init(_ path: String, _ hash: KeyedHash, end: Int, capacity: Int) throws(ServiceError) {
        guard let head = try HeapHead(of: path) else { throw HeapHead.strange(path, "it is missing") }
        guard head.belongs(to: hash) else { throw HeapHead.strange(path, "it belongs to another database") }
        self.head = head
        self.path = path
        file = try DiskLogFile(path)
        descriptor = file.descriptor
        let size = try file.size()
        guard size >= end else { throw HeapHead.strange(path, "it has \(size) bytes, and the database needs \(end)") }
        unsafe (base, self.capacity) = try Self.map(descriptor, path, max(capacity, size), least: size)
        readable = Atomic(size)
        growth = Mutex(Growth(end: FileEnd(size, step: 256 << 10, large: 128 << 10)))
    }

    private static func map(
        _ descriptor: Int32, _ path: String, _ capacity: Int, least: Int
    ) throws(ServiceError) -> (UnsafeRawPointer, Int) {
        var capacity = capacity
        while true {
            let map = unsafe mmap(nil, capacity, PROT_READ, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
            if let map = unsafe map, unsafe map != MAP_FAILED {
                // Reads are random: to read ahead would push out what is in use once the file outgrows memory.
                unsafe madvise(map, capacity, MADV_RANDOM)
                return (UnsafeRawPointer(map), capacity)
            }
            guard errno == ENOMEM, capacity / 2 >= max(least, 1 << 25) else { throw .system("cannot map \(path)") }
            capacity /= 2
        }
    }

    /// Nobody reads any more.
    func close() { unsafe munmap(UnsafeMutableRawPointer(mutating: base), capacity) }

    /// A session begins to write to it. With the next sync that is on disk.
    func begin(_ session: LogSession) throws(ServiceError) {
        var head = head
        head.session = session
        try file.write(head.encoded(), at: 0)
    }

    /// The record at a location, unread and unchecked; `nil` if that is not in the file.
    @inline(__always)
    func bytes(_ location: HeapLocation) -> UnsafeRawBufferPointer? {
        let (end, overflows) = location.offset.addingReportingOverflow(location.count)
        guard !overflows, location.offset >= Self.start, end <= readable.load(ordering: .acquiring) || grows(to: end)
        else { return nil }
        return unsafe UnsafeRawBufferPointer(start: base + location.offset, count: location.count)
    }

    /// The address of an offset that is known to be in the map.
    func address(_ offset: Int) -> UnsafeRawPointer { unsafe base + offset }

    /// Whether an address is in the map.
    @inline(__always)
    func contains(_ address: UInt) -> Bool { unsafe address &- UInt(bitPattern: base) < UInt(capacity) }

    /// Whether all of it, which begins in the map, can be read.
    func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let offset = unsafe Int(bitPattern: bytes.baseAddress) &- Int(bitPattern: base)
        return unsafe self.bytes(HeapLocation(offset: offset, count: bytes.count)) != nil
    }

    /// The file may have grown since anyone asked.
    private func grows(to end: Int) -> Bool {
        guard let size = try? file.size() else { return false }
        readable.store(min(size, capacity), ordering: .releasing)
        return end <= min(size, capacity)
    }

    /// Writes records that lie behind each other. The committer's thread.
    func write(_ parts: [iovec], at offset: Int, _ count: Int) throws(ServiceError) {
        let range = offset..<offset + count
        growth.withLock { $0.end.prepare(file, for: range) }
        try unsafe file.write(parts, at: offset)
        growth.withLock { growth in
            let from = growth.written.isEmpty ? offset : min(growth.written.lowerBound, offset)
            growth.written = from..<max(growth.written.upperBound, range.upperBound)
        }
    }

    /// What was written since this was asked last, and all between.
    func takeWritten() -> Range<Int> {
        growth.withLock { growth in
            defer { growth.written = 0..<0 }
            return growth.written
        }
    }
}

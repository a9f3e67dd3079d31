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
    static let start = HeapHead.space

    let path: String
    /// The most that the file can have.
    let capacity: Int
    /// What the file begins with, but for the session.
    private let head: HeapHead
    private let file: any DiskFile
    private let descriptor: Int32
    private let base: UnsafeRawPointer
    /// How much of the map can be read.
    private let readable: Atomic<Int>
    private let growth: Mutex<Growth>

    private struct Growth {
        var end: FileEnd
        /// What was written, and not given to the disk ahead of a sync yet.
        var written = 0..<0

        mutating func note(_ range: Range<Int>) {
            let from = written.isEmpty ? range.lowerBound : min(written.lowerBound, range.lowerBound)
            written = from..<max(written.upperBound, range.upperBound)
        }
    }

    /// Makes an empty one, in the place of whatever is there. It has its name when this returns, and is on disk.
    static func create(_ path: String, _ hash: KeyedHash, _ disk: any Disk) throws(ServiceError) {
        let unfinished = path + ".new"
        unsafe unlink(unfinished)
        let file = try disk.open(unfinished)
        try file.write(HeapHead(hash).encoded(), at: 0)
        try file.sync()
        guard unsafe rename(unfinished, path) == 0 else { throw .system("cannot make \(path)") }
    }

    /// Opens one.
    ///
    /// - Parameters:
    ///   - head: what it begins with.
    ///   - capacity: how large the map is to be; less if there is no address space for it.
    init(_ path: String, _ head: HeapHead, capacity: Int, _ disk: any Disk) throws(ServiceError) {
        self.head = head
        self.path = path
        file = try disk.open(path)
        let size = try file.size()
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)") }
        do throws(ServiceError) {
            unsafe (base, self.capacity) = try Self.map(descriptor, path, max(capacity, size), minSize: size)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        readable = Atomic(size)
        growth = Mutex(Growth(end: FileEnd(size, step: 256 << 10, large: 128 << 10)))
    }

    private static func map(
        _ descriptor: Int32, _ path: String, _ capacity: Int, minSize: Int
    ) throws(ServiceError) -> (UnsafeRawPointer, Int) {
        var capacity = capacity
        while true {
            let map = unsafe mmap(nil, capacity, PROT_READ, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
            if let map = unsafe map, unsafe map != MAP_FAILED {
                // Reads are random: to read ahead would push out what is in use once the file outgrows memory.
                unsafe madvise(map, capacity, MADV_RANDOM)
                return (UnsafeRawPointer(map), capacity)
            }
            guard errno == ENOMEM, capacity / 2 >= max(minSize, 1 << 25) else { throw .system("cannot map \(path)") }
            capacity /= 2
        }
    }

    /// Nobody reads any more.
    func close() {
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), capacity)
        Glibc.close(descriptor)
        file.close()
    }

    /// Says who writes to it. With the next sync that is on disk.
    ///
    /// - Parameter closed: what it has; `nil`: the session has begun, and the heap is complete only together with its log.
    func mark(_ session: LogSession, generation: UInt64, closed: HeapHead.Contents? = nil) throws(ServiceError) {
        var head = head
        head.session = session
        head.generation = generation
        head.closed = closed
        try file.write(head.encoded(), at: 0)
    }

    /// How long the file is.
    func size() throws(ServiceError) -> Int { try file.size() }

    /// Brings the records to disk. The committer's thread, or one that has the file alone.
    func sync() throws(ServiceError) { try file.sync() }

    /// Makes sure that what lies there is taken for no record. Nobody reads it any more.
    func clear(_ extent: Extent) throws(ServiceError) {
        try file.write([UInt8](repeating: 0, count: HeapLocation.unit), at: extent.offset)
        growth.withLock { $0.note(extent.offset..<extent.offset + HeapLocation.unit) }
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
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        let size = Int(status.st_size)
        readable.store(min(size, capacity), ordering: .releasing)
        return end <= min(size, capacity)
    }

    /// Writes records that lie behind each other. The committer's thread.
    func write(_ parts: [iovec], at offset: Int, _ count: Int) throws(ServiceError) {
        let range = offset..<offset + count
        growth.withLock { $0.end.prepare(file, for: range) }
        try unsafe file.write(parts, at: offset)
        growth.withLock { $0.note(range) }
    }

    /// What was written since this was asked last, and all between.
    func takeWritten() -> Range<Int> {
        growth.withLock { growth in
            defer { growth.written = 0..<0 }
            return growth.written
        }
    }
}

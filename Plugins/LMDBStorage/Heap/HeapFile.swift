// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// The file that holds the records. Reads use its memory map. A record is written to a place that no reader can see
/// yet, before the table of records refers to it.
///
/// Sendable although it holds a pointer: the map exists until ``close()``.
@safe
final class HeapFile: @unchecked Sendable {
    /// Where the first record may begin.
    static let start = HeapHead.space

    let path: String
    /// The greatest size of the file.
    let capacity: Int
    /// The head of the file, without the session.
    private let head: HeapHead
    private let file: any DiskFile
    private let descriptor: Int32
    private let base: UnsafeRawPointer
    /// How much of the map can be read.
    private let readable: Atomic<Int>
    private let growth: Mutex<Growth>

    private struct Growth {
        var end: FileEnd
        /// The range written since the last ``takeWritten()``.
        var written = 0..<0

        mutating func note(_ range: Range<Int>) {
            let from = written.isEmpty ? range.lowerBound : min(written.lowerBound, range.lowerBound)
            written = from..<max(written.upperBound, range.upperBound)
        }
    }

    /// Creates an empty heap, replacing whatever is there. When this returns, it is on disk under its name.
    static func create(_ path: String, _ hash: KeyedHash, _ disk: any Disk) throws(ServiceError) {
        let unfinished = path + ".new"
        unsafe unlink(unfinished)
        let file = try disk.open(unfinished)
        try file.write(HeapHead(hash).encoded(), at: 0)
        try file.sync()
        guard unsafe rename(unfinished, path) == 0 else { throw .system("cannot create \(path)") }
    }

    /// Opens a heap.
    ///
    /// - Parameters:
    ///   - head: its head.
    ///   - capacity: the size of the map; a smaller one is used if there is not enough address space.
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
                // Reads are random. Read-ahead would evict useful pages once the file outgrows memory.
                unsafe madvise(map, capacity, MADV_RANDOM)
                return (UnsafeRawPointer(map), capacity)
            }
            guard errno == ENOMEM, capacity / 2 >= max(minSize, 1 << 25) else { throw .system("cannot map \(path)") }
            capacity /= 2
        }
    }

    /// No reader may be left.
    func close() {
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), capacity)
        Glibc.close(descriptor)
        file.close()
    }

    /// Records the session that writes to the heap. The next sync makes that durable.
    ///
    /// - Parameter closed: the heap's contents; `nil` if the session has begun and the heap is complete only with its
    ///   log.
    func mark(_ session: LogSession, generation: UInt64, closed: HeapHead.Contents? = nil) throws(ServiceError) {
        var head = head
        head.session = session
        head.generation = generation
        head.closed = closed
        try file.write(head.encoded(), at: 0)
    }

    /// The size of the file.
    func size() throws(ServiceError) -> Int { try file.size() }

    /// Makes the records durable. For the committer's thread, or a thread that has the file to itself.
    func sync() throws(ServiceError) { try file.sync() }

    /// Overwrites a header, so that no record is found there any more. No reader may see the place.
    func clear(_ extent: Extent) throws(ServiceError) {
        try file.write([UInt8](repeating: 0, count: HeapLocation.unit), at: extent.offset)
        growth.withLock { $0.note(extent.offset..<extent.offset + HeapLocation.unit) }
    }

    /// The bytes of a record, not read and not checked; `nil` if the location is outside the file.
    @inline(__always)
    func bytes(_ location: HeapLocation) -> UnsafeRawBufferPointer? {
        let (end, overflows) = location.offset.addingReportingOverflow(location.count)
        guard !overflows, location.offset >= Self.start, end <= readable.load(ordering: .acquiring) || grows(to: end)
        else { return nil }
        return unsafe UnsafeRawBufferPointer(start: base + location.offset, count: location.count)
    }

    /// The address of an offset within the map.
    func address(_ offset: Int) -> UnsafeRawPointer { unsafe base + offset }

    /// Whether an address is within the map.
    @inline(__always)
    func contains(_ address: UInt) -> Bool { unsafe address &- UInt(bitPattern: base) < UInt(capacity) }

    /// Whether all of these bytes, which begin in the map, can be read.
    func allows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let offset = unsafe Int(bitPattern: bytes.baseAddress) &- Int(bitPattern: base)
        return unsafe self.bytes(HeapLocation(offset: offset, count: bytes.count)) != nil
    }

    /// Whether the file has grown to `end` since the last check.
    private func grows(to end: Int) -> Bool {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        let size = Int(status.st_size)
        readable.store(min(size, capacity), ordering: .releasing)
        return end <= min(size, capacity)
    }

    /// Writes records one after the other. For the committer's thread.
    func write(_ parts: [iovec], at offset: Int, _ count: Int) throws(ServiceError) {
        let range = offset..<offset + count
        growth.withLock { $0.end.prepare(file, for: range) }
        try unsafe file.write(parts, at: offset)
        growth.withLock { $0.note(range) }
    }

    /// The range that covers everything written since the last call.
    func takeWritten() -> Range<Int> {
        growth.withLock { growth in
            defer { growth.written = 0..<0 }
            return growth.written
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc

/// Sequence number and seal of a record, known once its location is.
struct RecordStamp: Equatable {
    /// The sequence number of the write.
    var sequence: UInt64
    /// ``RecordHeader/seal(_:_:_:at:)``.
    var seal: UInt64

    /// Puts both into a complete record, and updates its checksum.
    func apply(to record: UnsafeMutableRawBufferPointer) {
        unsafe record.storeBytes(of: sequence.littleEndian, toByteOffset: 72, as: UInt64.self)
        unsafe record.storeBytes(of: seal.littleEndian, toByteOffset: 80, as: UInt64.self)
        guard let header = unsafe RecordHeader(decoding: UnsafeRawBufferPointer(record)) else { return }
        let checksum = unsafe RecordChecksum.of(UnsafeRawBufferPointer(record), header)
        unsafe record.storeBytes(of: checksum.littleEndian, as: UInt32.self)
    }
}

/// What one transaction does to the heap: the space that records take and release, and the records still to be
/// written. They are written in as few calls as their locations allow, before the commit.
@safe
struct HeapWriter {
    /// Written between records, which begin at whole units.
    nonisolated(unsafe) private static let gap = {
        let zeros = UnsafeMutableRawPointer.allocate(byteCount: HeapLocation.unit, alignment: 8)
        unsafe zeros.initializeMemory(as: UInt8.self, repeating: 0, count: HeapLocation.unit)
        return unsafe zeros
    }()

    private let environment: LMDBEnvironment
    private let before: HeapSpace
    private var space: HeapSpace
    /// Adjacent records that are still to be written.
    private var parts: [iovec] = unsafe []
    private var pending = 0..<0

    /// - Parameter reusable: space released in transactions up to this one can be reused.
    init(
        _ environment: LMDBEnvironment, _ transaction: borrowing WriteTransaction, reusable: UInt64
    ) throws(ServiceError) {
        self.environment = environment
        before = try HeapSpace(transaction, environment.space, environment.path)
        var space = before
        try space.reclaim(upTo: reusable, transaction, environment.space) { extent throws(ServiceError) in
            try environment.heap.clear(extent)
        }
        self.space = space
    }

    /// For a replay. Nothing is cleared: the records that are replayed may already be there.
    ///
    /// - Parameters:
    ///   - number: all space is free that has no record in the snapshot with this number.
    ///   - limit: the most extents to reclaim.
    init(
        _ environment: LMDBEnvironment, _ transaction: borrowing WriteTransaction, replayingFrom number: UInt64,
        limit: Int
    ) throws(ServiceError) {
        self.environment = environment
        before = try HeapSpace(transaction, environment.space, environment.path)
        var space = before
        try space.reclaim(upTo: number, limit: limit, transaction, environment.space) { _ in }
        self.space = space
    }

    /// Takes space for a record of `count` bytes.
    ///
    /// - Parameter number: its sequence number; `nil`: the next one.
    mutating func take(
        _ id: ArticleID, _ count: Int, numbered number: UInt64? = nil, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) -> (HeapLocation, RecordStamp) {
        let heap = environment.heap
        guard let location = try space.take(count, capacity: heap.capacity, transaction, environment.space)
        else { throw ServiceError(lmdb: MDB_MAP_FULL, "cannot write \(heap.path)") }
        if let number { space.note(sequence: number) }
        let sequence = number ?? space.nextSequence()
        let seal = RecordHeader.seal(environment.hash, id, sequence, at: location.offset)
        return (location, RecordStamp(sequence: sequence, seal: seal))
    }

    /// Puts a complete record at the location taken for it, and its id into the table of records. Its memory must
    /// stay valid until ``flush()``.
    mutating func put(
        _ id: ArticleID, _ record: UnsafeRawBufferPointer, at location: HeapLocation, atEnd: Bool,
        _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try unsafe add(record, at: location)
        try name(id, location, atEnd: atEnd, transaction)
    }

    /// Writes a deletion. Its space is released at once, and waits until what it deletes is cleared.
    mutating func delete(
        _ record: UnsafeRawBufferPointer, at location: HeapLocation, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try unsafe add(record, at: location)
        try space.release(location, isDeletion: true, in: transaction.number, transaction, environment.space)
    }

    /// Takes the location that a record had before, in a replay.
    mutating func claim(
        _ location: HeapLocation, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        guard try space.claim(location, capacity: environment.heap.capacity, transaction, environment.space) else {
            throw HeapHead.mismatch(environment.heap.path, "the log has an article at a place that is not free")
        }
    }

    /// Bytes that records occupy.
    var used: Int { space.used }

    /// The sequence number of the last write.
    var sequence: UInt64 { space.sequence }

    /// Notes a sequence number that was found.
    mutating func note(sequence: UInt64) { space.note(sequence: sequence) }

    /// The sequence number of a record that cannot be read. Numbers have no gaps, so it is the one after the last.
    mutating func guessSequence() -> UInt64 { space.nextSequence() }

    private mutating func add(_ record: UnsafeRawBufferPointer, at location: HeapLocation) throws(ServiceError) {
        if location.offset != pending.upperBound { try flush() }
        if unsafe parts.isEmpty { pending = location.offset..<location.offset }
        unsafe parts.append(
            iovec(iov_base: UnsafeMutableRawPointer(mutating: record.baseAddress), iov_len: record.count))
        if location.extent > record.count {
            unsafe parts.append(iovec(iov_base: Self.gap, iov_len: location.extent - record.count))
        }
        pending = pending.lowerBound..<location.offset + location.extent
    }

    private func name(
        _ id: ArticleID, _ location: HeapLocation, atEnd: Bool, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try unsafe id.withKey { key throws(ServiceError) in
            try unsafe location.withBytes { value throws(ServiceError) in
                try unsafe transaction.put(key, value, environment.records, atEnd: atEnd)
            }
        }
    }

    /// Releases the location of a record that was replaced or deleted.
    mutating func release(
        _ location: HeapLocation, _ transaction: borrowing WriteTransaction
    ) throws(ServiceError) {
        try space.release(location, in: transaction.number, transaction, environment.space)
    }

    /// The record that a value of the table of records refers to; `nil` if it is damaged.
    mutating func record(_ id: ArticleID, _ value: UnsafeRawBufferPointer) throws(ServiceError) -> RecordView? {
        if let location = unsafe HeapLocation(value), pending.contains(location.offset) { try flush() }
        return unsafe RecordView(ifReadable: id, value, in: environment)
    }

    /// Writes all pending records.
    mutating func flush() throws(ServiceError) {
        if unsafe parts.isEmpty { return }
        unsafe try environment.heap.write(parts, at: pending.lowerBound, pending.count)
        unsafe parts.removeAll(keepingCapacity: true)
        pending = 0..<0
    }

    /// Must be called before the commit.
    mutating func finish(_ transaction: borrowing WriteTransaction) throws(ServiceError) {
        try flush()
        if space != before { try space.store(transaction, environment.space) }
    }
}

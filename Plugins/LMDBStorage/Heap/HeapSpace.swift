// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// Which parts of the heap are free, as a table of the index. So taking and releasing space is part of the
/// transaction.
///
/// Keys begin with a byte for their kind. Numbers are 8 bytes: big-endian in keys, little-endian in values.
///
/// | kind | followed by         | value                                                                        |
/// |-----:|---------------------|------------------------------------------------------------------------------|
/// |    0 |                     | end of the records; free bytes; waiting bytes; sequence number of the last write                        |
/// |    1 | size, offset        | empty: the extent is free                                                    |
/// |    2 | offset              | size: the same, by offset                                                    |
/// |    3 | transaction, offset | size: the extent waits; the top bit marks a deletion, which waits twice       |
///
/// Released space waits until no reader and no recovery can reach it any more, which is LMDB's rule for its pages.
/// Before it becomes free, its header is cleared in the file, so that a scan of the heap alone does not find the old
/// record (``HeapScan``). A deletion waits twice: the second time until the record that it deletes is cleared on
/// disk.
struct HeapSpace: Equatable {
    /// The most extents that one transaction reclaims, so that no writer waits long for it.
    static let maxReclaimed = 512

    /// Where the records end.
    private(set) var end = HeapFile.start
    /// Free bytes before the end.
    private(set) var free = 0
    /// Bytes that become free later.
    private(set) var waiting = 0
    /// The sequence number of the last write. Numbers only grow.
    private(set) var sequence: UInt64 = 0

    private static let size = 32

    /// An empty heap.
    init() {}

    /// Decodes the totals.
    init(_ value: UnsafeRawBufferPointer, _ path: String) throws(ServiceError) {
        guard value.count == Self.size else { throw Self.damaged(path) }
        func number(_ index: Int) -> Int {
            Int(clamping: UInt64(littleEndian: unsafe value.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
        }
        (end, free, waiting) = (number(0), number(1), number(2))
        sequence = UInt64(littleEndian: unsafe value.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        guard end >= HeapFile.start, end % HeapLocation.unit == 0, free <= end, waiting <= end else {
            throw Self.damaged(path)
        }
    }

    private static func damaged(_ path: String) -> ServiceError {
        DatabaseFile.damaged(path, "it does not contain where the articles end")
    }

    /// Checks an extent from the table: nothing is computed with one that lies outside the records.
    private func checked(_ extent: Extent?) throws(ServiceError) -> Extent? {
        guard let extent else { return nil }
        guard extent.offset >= HeapFile.start, extent.size > 0, extent.size <= end, extent.offset <= end - extent.size
        else {
            throw ServiceError(
                .dataLoss,
                "the table of free space has \(extent.size) bytes at \(extent.offset), but the records end at \(end): the index is damaged. Restart the service, which rebuilds it"
            )
        }
        return extent
    }

    /// Bytes that records occupy.
    var used: Int { max(0, end - HeapFile.start - free - waiting) }

    /// Reads the totals in a transaction.
    init(_ transaction: borrowing WriteTransaction, _ table: MDB_dbi, _ path: String) throws(ServiceError) {
        let found = try unsafe transaction.lend(HeapKey.about, table) { value throws(ServiceError) in
            try unsafe HeapSpace(value, path)
        }
        guard let found else { throw Self.damaged(path) }
        self = found
    }

    /// Writes the totals at the end of a transaction.
    func store(_ transaction: borrowing WriteTransaction, _ table: MDB_dbi) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(UInt64(end), at: 0)
        bytes.set(UInt64(free), at: 8)
        bytes.set(UInt64(waiting), at: 16)
        bytes.set(sequence, at: 24)
        try transaction.put(HeapKey.about, bytes, table)
    }

    /// Initializes a table under construction: where the records end, and the last sequence number.
    mutating func begin(end: Int, sequence: UInt64) {
        self.end = end
        self.sequence = sequence
    }

    /// All free extents, by offset.
    func freeParts(
        _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        let cursor = try transaction.cursor(table)
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Extent? {
            unsafe HeapKey.freeAt(key).flatMap { unsafe Extent(offset: $0, value) }
        }
        var next = try unsafe cursor.seek(HeapKey.freeAt(0)) { unsafe take($0, $1) } ?? nil
        while let extent = try checked(next) {
            parts.append(extent.offset..<extent.end)
            next = try unsafe cursor.move(.next) { unsafe take($0, $1) } ?? nil
        }
        return parts
    }

    /// Adds a free extent that has no free neighbour.
    mutating func addFree(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) { try add(extent, transaction, table) }

    /// The sequence number for one more write.
    mutating func nextSequence() -> UInt64 {
        // 2^64 writes are out of reach. A number read from a damaged file must not trap.
        sequence = sequence == .max ? .max : sequence + 1
        return sequence
    }

    /// Notes a sequence number that was found.
    mutating func note(sequence found: UInt64) { sequence = max(sequence, found) }

    /// Takes space for a record: the smallest free extent that fits, or the end of the heap; `nil` if the heap would
    /// exceed `capacity`.
    mutating func take(
        _ count: Int, capacity: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> HeapLocation? {
        let size = HeapLocation.extent(of: count)
        if free >= size, let found = try smallest(size, transaction, table) {
            try remove(found, transaction, table)
            let rest = Extent(offset: found.offset + size, size: found.size - size)
            if rest.size > 0 { try add(rest, transaction, table) }
            return HeapLocation(offset: found.offset, count: count)
        }
        guard size <= capacity - end else { return nil }
        defer { end += size }
        return HeapLocation(offset: end, count: count)
    }

    /// Takes a location that a record had before.
    ///
    /// - Returns: whether it was free.
    mutating func claim(
        _ location: HeapLocation, capacity: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Bool {
        guard location.offset >= HeapFile.start, location.offset <= capacity - location.extent else { return false }
        let extent = Extent(offset: location.offset, size: location.extent)
        if extent.offset >= end {
            let gap = Extent(offset: end, size: extent.offset - end)
            end = extent.end
            if gap.size > 0 { try addWhole(gap, transaction, table) }
            return true
        }
        guard let found = try around(extent, transaction, table) else { return false }
        try remove(found, transaction, table)
        let before = Extent(offset: found.offset, size: extent.offset - found.offset)
        let after = Extent(offset: extent.end, size: found.end - extent.end)
        if before.size > 0 { try add(before, transaction, table) }
        if after.size > 0 { try add(after, transaction, table) }
        return true
    }

    /// Releases the space of a record, in the transaction with this number.
    ///
    /// - Parameter isDeletion: the record is a deletion, which releases its space as soon as it is written.
    mutating func release(
        _ location: HeapLocation, isDeletion: Bool = false, in number: UInt64,
        _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        let extent = Extent(offset: location.offset, size: location.extent, waitsTwice: isDeletion)
        try transaction.put(HeapKey.waiting(number, extent.offset), extent.encodedSize, table)
        waiting += extent.size
    }

    /// Makes space usable that was released in transactions up to this number.
    ///
    /// - Parameter clear: called before an extent becomes free, so that no record is found there.
    mutating func reclaim(
        upTo number: UInt64, limit: Int = maxReclaimed, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi,
        clear: (Extent) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        var steps = 0
        while waiting > 0, steps < limit, let (left, extent) = try oldest(transaction, table),
            left <= number
        {
            steps += 1
            try transaction.delete(HeapKey.waiting(left, extent.offset), table)
            if extent.waitsTwice, left < transaction.number {
                let again = Extent(offset: extent.offset, size: extent.size)
                try transaction.put(HeapKey.waiting(transaction.number, again.offset), again.encodedSize, table)
                continue
            }
            try clear(extent)
            waiting = max(0, waiting - extent.size)
            try addWhole(extent, transaction, table)
        }
    }

    /// Adds an extent and merges it with its free neighbours.
    private mutating func addWhole(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        var whole = extent
        if let before = try neighbour(before: extent, transaction, table) {
            try remove(before, transaction, table)
            whole = Extent(offset: before.offset, size: before.size + whole.size)
        }
        if let after = try neighbour(after: extent, transaction, table) {
            try remove(after, transaction, table)
            whole.size += after.size
        }
        if whole.end == end { end = whole.offset } else { try add(whole, transaction, table) }
    }

    private mutating func add(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        try transaction.put(HeapKey.free(extent), [], table)
        try transaction.put(HeapKey.freeAt(extent.offset), extent.encodedSize, table)
        free += extent.size
    }

    private mutating func remove(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        try transaction.delete(HeapKey.free(extent), table)
        try transaction.delete(HeapKey.freeAt(extent.offset), table)
        free = max(0, free - extent.size)
    }

    /// The smallest free extent of at least this size.
    private func smallest(
        _ size: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let cursor = try transaction.cursor(table)
        let found = unsafe try cursor.seek(HeapKey.free(Extent(offset: 0, size: size))) { key, _ in
            unsafe HeapKey.free(key)
        }
        guard let extent = try checked(found ?? nil), extent.size >= size else { return nil }
        return extent
    }

    /// The extent that has waited longest.
    private func oldest(
        _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> (transaction: UInt64, extent: Extent)? {
        let cursor = try transaction.cursor(table)
        let found = unsafe try cursor.seek(HeapKey.waiting(0, 0)) { key, size -> (UInt64, Extent)? in
            guard let found = unsafe HeapKey.waiting(key), let extent = unsafe Extent(offset: found.offset, size)
            else { return nil }
            return (found.transaction, extent)
        }
        guard let (number, extent) = found ?? nil, let extent = try checked(extent) else { return nil }
        return (number, extent)
    }

    /// The free extent that ends where this one begins.
    private func neighbour(
        before extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let found = try last(before: extent.offset, transaction, table)
        return found?.end == extent.offset ? found : nil
    }

    /// The free extent that contains this one.
    private func around(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        guard let found = try last(before: extent.offset + 1, transaction, table) else { return nil }
        return found.end >= extent.end ? found : nil
    }

    /// The last free extent that begins before an offset.
    private func last(
        before offset: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let cursor = try transaction.cursor(table)
        let isFollowed = unsafe try cursor.seek(HeapKey.freeAt(offset)) { _, _ in true } ?? false
        let found = unsafe try cursor.move(isFollowed ? .previous : .last) { key, size in
            unsafe HeapKey.freeAt(key).flatMap { unsafe Extent(offset: $0, size) }
        }
        return try checked(found ?? nil)
    }

    /// The free extent that begins where this one ends.
    private func neighbour(
        after extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let found = unsafe try transaction.lend(HeapKey.freeAt(extent.end), table) {
            unsafe Extent(offset: extent.end, $0)
        }
        return try checked(found ?? nil)
    }
}

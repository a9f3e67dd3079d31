internal import ArticleProtocol
internal import CLMDB

/// Which parts of the heap have no record, as a table of the database says it: what a record takes and leaves changes with
/// the transaction, or not at all.
///
/// The keys begin with a byte for their kind; numbers in keys are big-endian, in values little-endian, of 8 bytes each:
///
/// | kind | behind it           | value                                                                        |
/// |-----:|---------------------|------------------------------------------------------------------------------|
/// |    0 |                     | where the records end; how much before that is free; how much waits          |
/// |    1 | size, offset        | nothing: free                                                                |
/// |    2 | offset              | size: the same, by its place                                                 |
/// |    3 | transaction, offset | size: it waits                                                               |
///
/// What a record leaves waits until no reader and no recovery can come to it any more: the rule that LMDB has for its pages.
struct HeapSpace: Equatable {
    /// How many parts that waited become free in one transaction at most: no writer waits long for it.
    private static let mostReclaimed = 512

    /// Where the records end.
    private(set) var end = HeapFile.start
    /// How many bytes before that can be used.
    private(set) var free = 0
    /// How many can be used later.
    private(set) var waiting = 0

    /// Of an empty heap.
    init() {}

    /// Reads what the table says of the whole.
    init(_ value: UnsafeRawBufferPointer, _ path: String) throws(ServiceError) {
        guard value.count == 24 else { throw Self.damaged(path) }
        func number(_ index: Int) -> Int {
            Int(clamping: UInt64(littleEndian: unsafe value.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
        }
        (end, free, waiting) = (number(0), number(1), number(2))
        guard end >= HeapFile.start, end % HeapLocation.unit == 0, free <= end, waiting <= end else {
            throw Self.damaged(path)
        }
    }

    private static func damaged(_ path: String) -> ServiceError {
        DatabaseFile.damaged(path, "it does not say where its articles end")
    }

    /// How many bytes the records have.
    var used: Int { max(0, end - HeapFile.start - free - waiting) }

    /// Reads it in a transaction.
    init(_ transaction: borrowing WriteTransaction, _ table: MDB_dbi, _ path: String) throws(ServiceError) {
        let found = try unsafe transaction.lend(HeapKey.about, table) { value throws(ServiceError) in
            try unsafe HeapSpace(value, path)
        }
        guard let found else { throw Self.damaged(path) }
        self = found
    }

    /// Writes it at the end of a transaction.
    func store(_ transaction: borrowing WriteTransaction, _ table: MDB_dbi) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: 24)
        bytes.set(UInt64(end), at: 0)
        bytes.set(UInt64(free), at: 8)
        bytes.set(UInt64(waiting), at: 16)
        try transaction.put(HeapKey.about, bytes, table)
    }

    /// A place for a record: the smallest in which it fits, or at the end; `nil` if the file would be larger than `capacity`.
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

    /// Takes a place that was given before.
    ///
    /// - Returns: whether it is free.
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

    /// A record has left its place, in the transaction of this number.
    mutating func leave(
        _ location: HeapLocation, in number: UInt64, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        let extent = Extent(offset: location.offset, size: location.extent)
        try transaction.put(HeapKey.waiting(number, extent.offset), extent.encodedSize, table)
        waiting += extent.size
    }

    /// Makes usable what was left in transactions up to this number.
    mutating func reclaim(
        upTo number: UInt64, most: Int = mostReclaimed, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        var steps = 0
        while waiting > 0, steps < most, let (left, extent) = try oldest(transaction, table),
            left <= number
        {
            steps += 1
            try transaction.delete(HeapKey.waiting(left, extent.offset), table)
            waiting -= extent.size
            try addWhole(extent, transaction, table)
        }
    }

    /// Adds one together with its neighbours.
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
        try transaction.put(HeapKey.place(extent.offset), extent.encodedSize, table)
        free += extent.size
    }

    private mutating func remove(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) {
        try transaction.delete(HeapKey.free(extent), table)
        try transaction.delete(HeapKey.place(extent.offset), table)
        free -= extent.size
    }

    /// The smallest free one of at least this size.
    private func smallest(
        _ size: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let cursor = try transaction.cursor(table)
        return unsafe try cursor.seek(HeapKey.free(Extent(offset: 0, size: size))) { key, _ in
            unsafe HeapKey.free(key)
        } ?? nil
    }

    /// The one that has waited longest.
    private func oldest(
        _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> (transaction: UInt64, extent: Extent)? {
        let cursor = try transaction.cursor(table)
        return unsafe try cursor.seek(HeapKey.waiting(0, 0)) { key, size in
            guard let found = unsafe HeapKey.waiting(key), let extent = unsafe Extent(offset: found.offset, size)
            else { return nil }
            return (found.transaction, extent)
        } ?? nil
    }

    /// The free one that ends where this one begins.
    private func neighbour(
        before extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let found = try last(before: extent.offset, transaction, table)
        return found?.end == extent.offset ? found : nil
    }

    /// The free one that this one lies in.
    private func around(
        _ extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        guard let found = try last(before: extent.offset + 1, transaction, table) else { return nil }
        return found.end >= extent.end ? found : nil
    }

    /// The last free one that begins before an offset.
    private func last(
        before offset: Int, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        let cursor = try transaction.cursor(table)
        let isFollowed = unsafe try cursor.seek(HeapKey.place(offset)) { _, _ in true } ?? false
        return unsafe try cursor.move(isFollowed ? .previous : .last) { key, size in
            unsafe HeapKey.place(key).flatMap { unsafe Extent(offset: $0, size) }
        } ?? nil
    }

    /// The free one that begins where this one ends.
    private func neighbour(
        after extent: Extent, _ transaction: borrowing WriteTransaction, _ table: MDB_dbi
    ) throws(ServiceError) -> Extent? {
        unsafe try transaction.lend(HeapKey.place(extent.end), table) { unsafe Extent(offset: extent.end, $0) } ?? nil
    }
}

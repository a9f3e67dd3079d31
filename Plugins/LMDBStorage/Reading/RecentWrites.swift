// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Synchronization

/// The writes of the open transaction, which are in the log but not yet in the tables. Readers look here before they
/// look in the tables.
///
/// The committer writes and any thread reads, without a lock. Each slot carries the number of its transaction, so the
/// next transaction invalidates all slots at once, and nothing is ever cleared.
final class RecentWrites: Sendable {
    /// The most writes it can hold.
    static let capacity = 2048

    /// A write as readers see it.
    struct Entry {
        let id: ArticleID
        /// The list of the record's key; `nil` if it has none.
        let keyList: UInt64?
        /// The location of the record, or of the deletion.
        let location: HeapLocation
        /// The record was deleted.
        let isGone: Bool
    }

    /// What is known of a record.
    enum Found: Equatable {
        /// It begins at this offset of the heap.
        case at(Int)
        case gone
    }

    private let number = Atomic<UInt64>(0)
    private let records = RecentTable(slots: 2 * RecentWrites.capacity)
    private let keys = RecentTable(slots: 2 * RecentWrites.capacity)
    private let recordCount = Atomic(0)
    private let usedBytes = Atomic(0)
    /// Only the committer uses it.
    private let count = Atomic(0)

    /// The transaction whose writes are here; 0 if there are none and the tables are up to date.
    var transaction: UInt64 { number.load(ordering: .acquiring) }

    /// The number of records, and the heap space that they use.
    struct Totals {
        var records: Int
        var used: Int
    }

    /// The totals including the writes here.
    var totals: Totals {
        Totals(records: recordCount.load(ordering: .relaxed), used: usedBytes.load(ordering: .relaxed))
    }

    /// All writes of a transaction, in no order; only the last one of each record.
    func all(in transaction: UInt64) -> [(id: ArticleID, found: Found)] {
        records.all(in: transaction).map { key, value in
            (ArticleID(high: key.0, low: key.1), value == 0 ? .gone : .at(Int(truncatingIfNeeded: value)))
        }
    }

    /// Whether there is room for more writes.
    func hasRoom(for writes: Int) -> Bool { count.load(ordering: .relaxed) + writes <= Self.capacity }

    /// Publishes writes of the transaction with this number. There must be room.
    ///
    /// - Parameter totals: the totals including these writes.
    func publish(_ entries: [Entry], _ totals: Totals, in transaction: UInt64) {
        if entries.isEmpty { return }
        recordCount.store(totals.records, ordering: .relaxed)
        usedBytes.store(totals.used, ordering: .relaxed)
        if number.load(ordering: .relaxed) != transaction { self.count.store(0, ordering: .relaxed) }
        self.count.add(entries.count, ordering: .relaxed)
        for entry in entries {
            let slot = records.set(
                (entry.id.high, entry.id.low), entry.isGone ? 0 : UInt64(entry.location.offset), in: transaction)
            if let list = entry.keyList { _ = keys.set((list, 0), UInt64(slot), in: transaction) }
        }
        number.store(transaction, ordering: .releasing)
    }

    /// The transaction is committed, and readers have been told.
    func clear() {
        number.store(0, ordering: .releasing)
        count.store(0, ordering: .relaxed)
    }

    /// What a transaction did to a record; `nil` if it is not known here.
    func find(_ id: ArticleID, in transaction: UInt64) -> Found? {
        records.find((id.high, id.low), in: transaction).map { $0 == 0 ? .gone : .at(Int($0)) }
    }

    /// The record that was given a key last, and what became of it.
    func owner(_ keyList: UInt64, in transaction: UInt64) -> (id: ArticleID, found: Found)? {
        guard let slot = keys.find((keyList, 0), in: transaction),
            let (key, place) = records.slot(Int(slot), in: transaction)
        else { return nil }
        return (ArticleID(high: key.0, low: key.1), place == 0 ? .gone : .at(Int(place)))
    }
}

/// A hash table from two words to a number, with a transaction for each slot.
///
/// Sendable although it holds a pointer: the memory is fixed in `init`, and its members are atomic.
@safe private final class RecentTable: @unchecked Sendable {
    private struct Slot: ~Copyable {
        let transaction = Atomic<UInt64>(0)
        let high = Atomic<UInt64>(0)
        let low = Atomic<UInt64>(0)
        let value = Atomic<UInt64>(0)
    }

    private let slots: UnsafeMutableBufferPointer<Slot>
    private let mask: Int

    /// - Parameter count: a power of two, of which at most half is used.
    init(slots count: Int) {
        unsafe slots = .allocate(capacity: count)
        mask = count - 1
        for index in 0..<count { unsafe slots.initializeElement(at: index, to: Slot()) }
    }

    deinit { unsafe slots.deinitialize().deallocate() }

    /// - Returns: the index of the slot.
    func set(_ key: (UInt64, UInt64), _ value: UInt64, in transaction: UInt64) -> Int {
        var index = start(key)
        while unsafe slots[index].transaction.load(ordering: .relaxed) == transaction {
            if unsafe slots[index].high.load(ordering: .relaxed) == key.0,
                unsafe slots[index].low.load(ordering: .relaxed) == key.1
            {
                unsafe slots[index].value.store(value, ordering: .releasing)
                return index
            }
            index = next(index)
        }
        // While it is being written, the slot belongs to no transaction, so that no reader combines old and new
        // halves.
        unsafe slots[index].transaction.store(0, ordering: .relaxed)
        unsafe slots[index].high.store(key.0, ordering: .releasing)
        unsafe slots[index].low.store(key.1, ordering: .releasing)
        unsafe slots[index].value.store(value, ordering: .releasing)
        unsafe slots[index].transaction.store(transaction, ordering: .releasing)
        return index
    }

    func find(_ key: (UInt64, UInt64), in transaction: UInt64) -> UInt64? {
        var index = start(key)
        while let (found, value) = slot(index, in: transaction) {
            if found == key { return value }
            index = next(index)
        }
        return nil
    }

    /// All slots of a transaction.
    func all(in transaction: UInt64) -> [((UInt64, UInt64), UInt64)] {
        (0...mask).compactMap { slot($0, in: transaction) }
    }

    /// The contents of a slot; `nil` if it does not belong to this transaction.
    func slot(_ index: Int, in transaction: UInt64) -> ((UInt64, UInt64), UInt64)? {
        guard unsafe slots[index].transaction.load(ordering: .acquiring) == transaction else { return nil }
        let high = unsafe slots[index].high.load(ordering: .acquiring)
        let low = unsafe slots[index].low.load(ordering: .acquiring)
        let value = unsafe slots[index].value.load(ordering: .acquiring)
        guard unsafe slots[index].transaction.load(ordering: .acquiring) == transaction else { return nil }
        return ((high, low), value)
    }

    private func start(_ key: (UInt64, UInt64)) -> Int {
        let hash = (key.0 ^ key.1) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: hash >> 32) & mask
    }

    private func next(_ index: Int) -> Int { (index + 1) & mask }
}

internal import ArticleProtocol
internal import Synchronization

/// What the open transaction has changed and a reader's version of the tables does not have: read before the tables are. Each
/// change is in the log already.
///
/// One thread writes, the committer's, and any read, without a lock: a slot says in which transaction it was written, so that
/// with the next one all of them are out of date at once, and nothing is ever cleared.
final class RecentWrites: Sendable {
    /// How many changes there is room for.
    static let capacity = 2048

    /// A change as readers see it.
    struct Entry {
        let id: ArticleID
        /// The list of the record's key; `nil`: it has none.
        let keyList: UInt64?
        /// Where the record lies, or that of its deletion.
        let location: HeapLocation
        /// There is no such record any more.
        let isGone: Bool
    }

    /// What is known of a record.
    enum Found: Equatable {
        /// Where it begins in the heap.
        case at(Int)
        case gone
    }

    private let number = Atomic<UInt64>(0)
    private let records = RecentTable(slots: 2 * RecentWrites.capacity)
    private let keys = RecentTable(slots: 2 * RecentWrites.capacity)
    private let recordCount = Atomic(0)
    private let usedBytes = Atomic(0)
    /// The committer's.
    private let count = Atomic(0)

    /// Of the transaction whose changes are here; 0: there are none, and the tables have all.
    var transaction: UInt64 { number.load(ordering: .acquiring) }

    /// How many records there are, and how much of the heap they take.
    struct Totals {
        var records: Int
        var used: Int
    }

    /// What there is with all that is shown here.
    var totals: Totals {
        Totals(records: recordCount.load(ordering: .relaxed), used: usedBytes.load(ordering: .relaxed))
    }

    /// All that was changed in a transaction, in no order: of each record the last.
    func all(in transaction: UInt64) -> [(id: ArticleID, found: Found)] {
        records.all(in: transaction).map { key, value in
            (ArticleID(high: key.0, low: key.1), value == 0 ? .gone : .at(Int(truncatingIfNeeded: value)))
        }
    }

    /// Whether so many more have room.
    func hasRoom(for writes: Int) -> Bool { count.load(ordering: .relaxed) + writes <= Self.capacity }

    /// Shows what was changed in the transaction of this number. There is room for it.
    ///
    /// - Parameter totals: what there is with these changes.
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

    /// The transaction is committed, and that is known to readers.
    func clear() {
        number.store(0, ordering: .releasing)
        count.store(0, ordering: .relaxed)
    }

    /// What became of a record in a transaction; `nil`: nothing is known of it here.
    func find(_ id: ArticleID, in transaction: UInt64) -> Found? {
        records.find((id.high, id.low), in: transaction).map { $0 == 0 ? .gone : .at(Int($0)) }
    }

    /// The record that was given the key of a list last, and what became of it.
    func owner(_ keyList: UInt64, in transaction: UInt64) -> (id: ArticleID, found: Found)? {
        guard let slot = keys.find((keyList, 0), in: transaction),
            let (key, place) = records.slot(Int(slot), in: transaction)
        else { return nil }
        return (ArticleID(high: key.0, low: key.1), place == 0 ? .gone : .at(Int(place)))
    }
}

/// Numbers under keys of two words, each set in a transaction.
///
/// Sendable although it has a pointer: the memory is fixed in `init`, its members are atomic.
@safe private final class RecentTable: @unchecked Sendable {
    private struct Slot: ~Copyable {
        let transaction = Atomic<UInt64>(0)
        let high = Atomic<UInt64>(0)
        let low = Atomic<UInt64>(0)
        let value = Atomic<UInt64>(0)
    }

    private let slots: UnsafeMutableBufferPointer<Slot>
    private let mask: Int

    /// - Parameter count: a power of two, of which half is used at most.
    init(slots count: Int) {
        unsafe slots = .allocate(capacity: count)
        mask = count - 1
        for index in 0..<count { unsafe slots.initializeElement(at: index, to: Slot()) }
    }

    deinit { unsafe slots.deinitialize().deallocate() }

    /// - Returns: which slot it is.
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
        // Nobody takes the one half for the other: it is of no transaction meanwhile.
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

    /// All of a transaction.
    func all(in transaction: UInt64) -> [((UInt64, UInt64), UInt64)] {
        (0...mask).compactMap { slot($0, in: transaction) }
    }

    /// What a slot has; `nil`: nothing of this transaction.
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

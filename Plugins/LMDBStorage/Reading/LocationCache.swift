// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import Synchronization

/// Caches where a thread has found records, so that a record that is read often is found without walking the tree. A
/// walk touches a dozen cold cache lines, a hit one or two. With 100,000 articles of 3 KB this saves a third of the
/// cost of a fetch.
///
/// A location is valid until the record is written again, which `WriteStamps` tells. Nothing else is written there
/// while anyone can see the record (``HeapSpace``). Records that an earlier version left in LMDB's pages may move,
/// and are not cached.
///
/// For one thread at a time. The memory is at most 8 MiB and is allocated as it is used.
@safe
struct LocationCache: ~Copyable {
    private struct Slot {
        var high: UInt64
        var low: UInt64
        var address: UInt
        /// The snapshot in which it was found; 0 if the slot is empty.
        var snapshot: UInt64
    }

    private static let buckets = 1 << 16
    /// With 100,000 records read at random, one read in thirty misses; with two ways it is one in twelve.
    private static let ways = 4
    private static let bytes = buckets * ways * MemoryLayout<Slot>.stride

    private let heap: HeapFile
    /// Four slots per hash, next to each other in two cache lines, the latest first.
    private let slots: UnsafeMutablePointer<Slot>?
    /// In memory of its own, like the slots: a look-up does not mutate the structure.
    private let queue: UnsafeMutablePointer<PrefetchQueue>

    init(of heap: HeapFile) {
        self.heap = heap
        let memory = unsafe mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        // Slots are accessed at random: with pages of 4 KiB, each look-up would miss the TLB too.
        if unsafe memory != MAP_FAILED { unsafe madvise(memory, Self.bytes, MADV_HUGEPAGE) }
        // Without memory for the cache, each record is looked up in the tree.
        unsafe slots =
            memory == MAP_FAILED ? nil : memory?.bindMemory(to: Slot.self, capacity: Self.buckets * Self.ways)
        unsafe queue = .allocate(capacity: 1)
        unsafe queue.initialize(to: PrefetchQueue())
    }

    deinit {
        if let slots = unsafe slots { unsafe munmap(slots, Self.bytes) }
        unsafe queue.deallocate()
    }

    /// Returns the memory. Nothing is looked up any more, but the thread that owns the cache may live on.
    func forget() {
        if let slots = unsafe slots { unsafe madvise(slots, Self.bytes, MADV_DONTNEED) }
    }

    /// The record's first byte, if its location is known in this snapshot.
    @inline(__always)
    func find(_ id: ArticleID, _ stamps: WriteStamps) -> UnsafeRawPointer? {
        if let next = unsafe queue.pointee.next() { prefetchRecord(next) }
        guard let bucket = unsafe bucket(of: id) else { return nil }
        for way in 0..<Self.ways {
            let slot = unsafe bucket[way]
            guard slot.low == id.low, slot.high == id.high, slot.snapshot != 0 else { continue }
            guard slot.snapshot >= stamps.last(id), let record = unsafe UnsafeRawPointer(bitPattern: slot.address)
            else { return nil }
            unsafe Self.prefetchLines(record)
            return unsafe record
        }
        return nil
    }

    /// The record may be read soon. Prefetches in two steps, so that each has time to complete: first the slot that
    /// holds its location, then, a few ids later, the record itself.
    @inline(__always)
    func prefetch(_ id: ArticleID) {
        guard let bucket = unsafe bucket(of: id) else { return }
        unsafe clinux_prefetch(bucket)
        unsafe clinux_prefetch(bucket + Self.ways / 2)
        if let next = unsafe queue.pointee.add(id) { prefetchRecord(next) }
    }

    /// Prefetches the record at its cached location, valid or not: a useless prefetch does no harm.
    @inline(__always)
    private func prefetchRecord(_ id: ArticleID) {
        guard let bucket = unsafe bucket(of: id) else { return }
        for way in 0..<Self.ways {
            let slot = unsafe bucket[way]
            guard slot.low == id.low, slot.high == id.high,
                let record = unsafe UnsafeRawPointer(bitPattern: slot.address)
            else { continue }
            unsafe Self.prefetchLines(record)
        }
    }

    /// Prefetches the beginning of a record. It is about to be copied, and the processor detects the rest of the
    /// sequence.
    @inline(__always)
    private static func prefetchLines(_ record: UnsafeRawPointer) {
        for line in 0..<8 { unsafe clinux_prefetch(record + line * 64) }
    }

    /// Remembers where a record was found.
    func note(_ id: ArticleID, _ record: UnsafeRawPointer?, in snapshot: UInt64) {
        guard heap.contains(UInt(bitPattern: record)), let bucket = unsafe bucket(of: id) else { return }
        let known = (0..<Self.ways).first { way in
            unsafe bucket[way].low == id.low && bucket[way].high == id.high
        }
        // Moves the other slots back by one; the last one may be dropped.
        for way in (0..<(known ?? Self.ways - 1)).reversed() { unsafe bucket[way + 1] = bucket[way] }
        unsafe bucket[0] = Slot(high: id.high, low: id.low, address: UInt(bitPattern: record), snapshot: snapshot)
    }

    @inline(__always)
    private func bucket(of id: ArticleID) -> UnsafeMutablePointer<Slot>? {
        guard let slots = unsafe slots else { return nil }
        let hash = (id.low ^ id.high) &* 0x9e37_79b9_7f4a_7c15
        return unsafe slots + Int(truncatingIfNeeded: hash >> 48) * Self.ways
    }
}

/// Ids whose records are to be prefetched, in order. The oldest leaves when another one is added or read.
struct PrefetchQueue {
    private static let delay: UInt = 4

    private var ids = InlineArray<4, ArticleID>(repeating: ArticleID(high: 0, low: 0))
    private var added: UInt = 0
    private var taken: UInt = 0

    /// Adds an id; returns the oldest one if the queue is full.
    @inline(__always)
    mutating func add(_ id: ArticleID) -> ArticleID? {
        let oldest = added &- taken == Self.delay ? next() : nil
        ids[Int(added % Self.delay)] = id
        added &+= 1
        return oldest
    }

    /// Removes the oldest id; `nil` if there is none.
    @inline(__always)
    mutating func next() -> ArticleID? {
        guard added != taken else { return nil }
        defer { taken &+= 1 }
        return ids[Int(taken % Self.delay)]
    }
}

/// When records were last replaced or deleted: a transaction number for each group of ids that share a hash.
///
/// The committer stores the number before it commits, so whoever sees the write in the file sees the number too. A
/// new record invalidates nothing. A number that is too high, because of a shared hash or a rollback, only costs a
/// reader a walk down the tree.
@safe final class WriteStamps: @unchecked Sendable {  // the memory is fixed in `init`, its members are atomic
    private static let groups = 1 << 14

    private let stamps: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init() {
        unsafe stamps = .allocate(capacity: Self.groups)
        for group in 0..<Self.groups { unsafe stamps.initializeElement(at: group, to: Atomic(0)) }
    }

    deinit { unsafe stamps.deinitialize().deallocate() }

    /// The transaction replaces or deletes the record with this id.
    func note(_ id: ArticleID, in transaction: UInt64) {
        unsafe stamps[Self.group(of: id)].store(transaction, ordering: .releasing)
    }

    /// The last transaction that may have replaced or deleted the record with this id.
    func last(_ id: ArticleID) -> UInt64 { unsafe stamps[Self.group(of: id)].load(ordering: .acquiring) }

    private static func group(of id: ArticleID) -> Int { Int(truncatingIfNeeded: id.low) & (groups - 1) }
}

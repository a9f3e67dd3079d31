internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import Synchronization

/// Where in the heap a thread has found records lately, so that a record that is read often is found without walking
/// the tree: a walk touches a dozen cold cache lines, this one or two. Measured with 100,000 articles of 3 KB: a third
/// of what a fetch costs.
///
/// A place is good until the record is changed, which `WriteStamps` tells: nothing else is written there while anyone can see
/// the record (``HeapSpace``). Records that a former articled left in LMDB's pages may move with their neighbours, and have no
/// place here.
///
/// Used by one thread at a time. The memory does not grow: 8 MiB at most, taken as it is used.
@safe
struct LocationCache: ~Copyable {
    private struct Slot {
        var high: UInt64
        var low: UInt64
        var address: UInt
        /// The transaction whose snapshot it was found in; 0 for none.
        var snapshot: UInt64
    }

    private static let buckets = 1 << 16
    /// Of 100,000 records that are read at random, one in thirty reads walks the tree all the same; with two it is one in
    /// twelve.
    private static let ways = 4
    private static let bytes = buckets * ways * MemoryLayout<Slot>.stride

    private let heap: HeapFile
    /// Four places for each hash, side by side in two cache lines; the latest ones come first.
    private let slots: UnsafeMutablePointer<Slot>?
    /// In memory of its own, as the places are: a look-up changes nothing of the structure itself.
    private let queue: UnsafeMutablePointer<PrefetchQueue>

    init(of heap: HeapFile) {
        self.heap = heap
        let memory = unsafe mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        // Places are looked up at random: with pages of 4 KiB each look-up would miss the processor's page tables too.
        if unsafe memory != MAP_FAILED { unsafe madvise(memory, Self.bytes, MADV_HUGEPAGE) }
        // Without memory for it, every record is looked up in the tree.
        unsafe slots =
            memory == MAP_FAILED ? nil : memory?.bindMemory(to: Slot.self, capacity: Self.buckets * Self.ways)
        unsafe queue = .allocate(capacity: 1)
        unsafe queue.initialize(to: PrefetchQueue())
    }

    deinit {
        if let slots = unsafe slots { unsafe munmap(slots, Self.bytes) }
        unsafe queue.deallocate()
    }

    /// Gives the memory back: nothing is looked up any more, and the thread that has this may live on.
    func forget() {
        if let slots = unsafe slots { unsafe madvise(slots, Self.bytes, MADV_DONTNEED) }
    }

    /// The record's first byte, if it is known to lie there in the snapshot.
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

    /// The record may be asked for soon. Two steps bring it near, each with time for the memory to come: now the line that
    /// tells its place, and the record itself when a few more were expected, or asked for.
    @inline(__always)
    func prefetch(_ id: ArticleID) {
        guard let bucket = unsafe bucket(of: id) else { return }
        unsafe clinux_prefetch(bucket)
        unsafe clinux_prefetch(bucket + Self.ways / 2)
        if let next = unsafe queue.pointee.add(id) { prefetchRecord(next) }
    }

    /// The record at the place that is known for it, be it good or not: asking for memory in vain does no harm.
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

    /// It will be copied: has its beginning come while its header is read, and the processor sees the rest coming.
    @inline(__always)
    private static func prefetchLines(_ record: UnsafeRawPointer) {
        for line in 0..<8 { unsafe clinux_prefetch(record + line * 64) }
    }

    /// The record was found in the tree.
    func note(_ id: ArticleID, _ record: UnsafeRawPointer?, in snapshot: UInt64) {
        guard heap.contains(UInt(bitPattern: record)), let bucket = unsafe bucket(of: id) else { return }
        let known = (0..<Self.ways).first { way in
            unsafe bucket[way].low == id.low && bucket[way].high == id.high
        }
        // The others move on by one, to where it was, or the last of them out.
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

/// The records that are expected to be asked for, in their order: a few, of which the oldest comes out for each that goes
/// in or is asked for.
struct PrefetchQueue {
    private static let delay: UInt = 4

    private var ids = InlineArray<4, ArticleID>(repeating: ArticleID(high: 0, low: 0))
    private var added: UInt = 0
    private var taken: UInt = 0

    /// Takes one more; gives the oldest if there is no room for it any more.
    @inline(__always)
    mutating func add(_ id: ArticleID) -> ArticleID? {
        let oldest = added &- taken == Self.delay ? next() : nil
        ids[Int(added % Self.delay)] = id
        added &+= 1
        return oldest
    }

    /// Gives the oldest; nil if there is none.
    @inline(__always)
    mutating func next() -> ArticleID? {
        guard added != taken else { return nil }
        defer { taken &+= 1 }
        return ids[Int(taken % Self.delay)]
    }
}

/// When records were last changed or taken away: the number of the transaction, for each group of ids that share a hash.
///
/// The committer notes a change before it commits, so whoever sees the change in the file finds it here too. A record
/// that is merely added changes nothing that was there. Too late a number, because ids share it or a transaction was
/// given up, costs a reader a look into the tree and nothing else.
@safe final class WriteStamps: @unchecked Sendable {  // the memory is fixed in `init`, its members are atomic
    private static let groups = 1 << 14

    private let stamps: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init() {
        unsafe stamps = .allocate(capacity: Self.groups)
        for group in 0..<Self.groups { unsafe stamps.initializeElement(at: group, to: Atomic(0)) }
    }

    deinit { unsafe stamps.deinitialize().deallocate() }

    /// The transaction changes, or takes away, the record with this id.
    func note(_ id: ArticleID, in transaction: UInt64) {
        unsafe stamps[Self.group(of: id)].store(transaction, ordering: .releasing)
    }

    /// The last transaction that may have changed the record with this id.
    func last(_ id: ArticleID) -> UInt64 { unsafe stamps[Self.group(of: id)].load(ordering: .acquiring) }

    private static func group(of id: ArticleID) -> Int { Int(truncatingIfNeeded: id.low) & (groups - 1) }
}

import CLinux

/// The model's features as pointers into its memory. It must not outlive the model that it was made of.
@safe struct SlotTable {
    private let fingerprints: UnsafeRawPointer
    private let rows: UnsafeRawPointer
    private let rowSize: Int
    private let buckets: UInt64

    private static let ones: UInt64 = 0x0001_0001_0001_0001
    private static let tops: UInt64 = 0x8000_8000_8000_8000

    @inline(__always)
    init(_ model: TopicModel) {
        // The header was checked: fingerprints and rows lie within the file, and its memory begins at a page.
        unsafe fingerprints = model.file.bytes.baseAddress! + Int(model.header.bucketsOffset)
        unsafe rows = unsafe fingerprints + model.header.rowsOffset
        rowSize = model.header.rowSize
        buckets = model.header.buckets
    }

    /// The slot of a feature; nil if the model does not know it.
    ///
    /// Four fingerprints are compared at once: in `word ^ wanted` the equal one is 0, and subtracting 1 from it borrows
    /// from its top bit. A false borrow can only stand above a true one, so the lowest is right.
    @inline(__always)
    func find(_ hash: UInt64) -> UInt32? {
        let wanted = UInt64(SlotTable.fingerprint(hash)) &* SlotTable.ones
        var bucket = hash.multipliedFullWidth(by: buckets).high
        for _ in 0..<ModelHeader.mostProbes {
            // `bucket` < `buckets`, and is four words.
            let line = unsafe (fingerprints + Int(bucket) &* ModelHeader.bucketStride)
                .assumingMemoryBound(to: UInt64.self)
            let last = unsafe UInt64(littleEndian: line[3])
            let hit0 = unsafe SlotTable.equal(UInt64(littleEndian: line[0]), wanted)
            let hit1 = unsafe SlotTable.equal(UInt64(littleEndian: line[1]), wanted)
            let hit2 = unsafe SlotTable.equal(UInt64(littleEndian: line[2]), wanted)
            let hit3 = SlotTable.equal(last, wanted)
            // Bit 16 * lane + word: the lowest is of an equal fingerprint, found without a branch that could go wrong.
            let hits = hit0 >> 15 | hit1 >> 14 | hit2 >> 13 | hit3 >> 12
            if hits != 0 {
                let bit = UInt32(truncatingIfNeeded: hits.trailingZeroBitCount)
                return UInt32(truncatingIfNeeded: bucket &* 16) &+ (bit & 15) &* 4 &+ (bit >> 4)
            }
            if last >> 48 == 0 { return nil }
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
        }
        return nil
    }

    /// Has the bucket that a feature lies in brought into the processor's cache.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        unsafe clinux_prefetch(
            fingerprints + Int(hash.multipliedFullWidth(by: buckets).high) &* ModelHeader.bucketStride)
    }

    /// The same for the row of a slot that `find` gave.
    @inline(__always)
    func prefetchRow(_ slot: UInt32) { unsafe clinux_prefetch(row(slot)) }

    /// The top bit of each 16 bits that are equal in both; above the lowest such bit others may be set.
    @inline(__always)
    private static func equal(_ word: UInt64, _ wanted: UInt64) -> UInt64 {
        let difference = word ^ wanted
        return (difference &- ones) & ~difference & tops
    }

    /// The row of a slot that `find` gave: `rowSize` bytes.
    @inline(__always)
    func row(_ slot: UInt32) -> UnsafePointer<UInt8> {
        unsafe (rows + Int(slot) &* rowSize).assumingMemoryBound(to: UInt8.self)
    }

    /// What a feature is known by within its bucket; never 0.
    @inline(__always)
    static func fingerprint(_ hash: UInt64) -> UInt16 { max(1, UInt16(truncatingIfNeeded: hash)) }
}

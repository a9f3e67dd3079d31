import CLinux
import CScoring

/// The model's features as pointers into its memory. It must not outlive the model that it was made of.
@safe struct SlotTable {
    private let fingerprints: UnsafeRawPointer
    let rows: UnsafePointer<UInt8>
    let rowSize: Int
    private let buckets: UInt64

    @inline(__always)
    init(_ model: TopicModel) {
        // The header was checked: fingerprints and rows lie within the file, and its memory begins at a page.
        unsafe fingerprints = model.file.bytes.baseAddress! + Int(model.header.bucketsOffset)
        unsafe rows = (fingerprints + model.header.rowsOffset).assumingMemoryBound(to: UInt8.self)
        rowSize = model.header.rowSize
        buckets = model.header.buckets
    }

    /// The slot of a feature; nil if the model does not know it.
    @inline(__always)
    func find(_ hash: UInt64) -> UInt32? {
        let bucket = hash.multipliedFullWidth(by: buckets).high
        let (lanes, isFull) = lanes(of: hash, in: bucket)
        // One branch for both: most features are here, or in no other bucket.
        if (lanes | (isFull ? 0 : 1 << 16)) == 0 { return findBeyond(bucket, hash) }
        return lanes & 0xffff == 0 ? nil : SlotTable.slot(bucket, lanes)
    }

    /// Looks into the buckets behind one that is full.
    @inline(never)
    private func findBeyond(_ first: UInt64, _ hash: UInt64) -> UInt32? {
        var bucket = first
        for _ in 1..<ModelHeader.mostProbes {
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
            let (lanes, isFull) = lanes(of: hash, in: bucket)
            if lanes != 0 { return SlotTable.slot(bucket, lanes) }
            if !isFull { return nil }
        }
        return nil
    }

    /// A bit for each place of a bucket where the feature's fingerprint stands, and whether no place is empty.
    @inline(__always)
    private func lanes(of hash: UInt64, in bucket: UInt64) -> (lanes: UInt32, isFull: Bool) {
        // `bucket` < `buckets`: its fingerprints lie within the file.
        let line = unsafe fingerprints + Int(bucket) &* ModelHeader.bucketStride
        let last = unsafe line.load(fromByteOffset: ModelHeader.bucketStride - 2, as: UInt16.self)
        return (unsafe UInt32(cscoring_equal(line, SlotTable.fingerprint(hash))), last != 0)
    }

    /// Of several places the first is the feature's.
    @inline(__always)
    private static func slot(_ bucket: UInt64, _ lanes: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: bucket) &* UInt32(ModelHeader.bucketSize)
            &+ UInt32(truncatingIfNeeded: lanes.trailingZeroBitCount)
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

    /// The row of a slot that `find` gave: `rowSize` bytes.
    @inline(__always)
    func row(_ slot: UInt32) -> UnsafePointer<UInt8> {
        unsafe rows + Int(slot) &* rowSize
    }

    /// What a feature is known by within its bucket; never 0.
    @inline(__always)
    static func fingerprint(_ hash: UInt64) -> UInt16 { max(1, UInt16(truncatingIfNeeded: hash)) }
}

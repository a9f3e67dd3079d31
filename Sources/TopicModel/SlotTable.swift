// SPDX-License-Identifier: Apache-2.0
import CLinux
import CScoring

/// The model's features, as pointers into its memory. It must not outlive the model.
@safe struct SlotTable {
    private let fingerprints: UnsafeRawPointer
    let rows: UnsafePointer<UInt8>
    let rowSize: Int
    private let buckets: UInt64

    @inline(__always)
    init(_ model: TopicModel) {
        // The header was checked: fingerprints and rows are within the file. Its memory is page-aligned.
        unsafe fingerprints = model.file.bytes.baseAddress! + Int(model.header.bucketsOffset)
        unsafe rows = (fingerprints + model.header.rowsOffset).assumingMemoryBound(to: UInt8.self)
        rowSize = model.header.rowSize
        buckets = model.header.buckets
    }

    /// The slot of a feature; nil if the model does not have it.
    @inline(__always)
    func find(_ hash: UInt64) -> UInt32? {
        let bucket = hash.multipliedFullWidth(by: buckets).high
        let (lanes, isFull) = lanes(of: hash, in: bucket)
        // One branch for both cases: most features are in this bucket or in none.
        if (lanes | (isFull ? 0 : 1 << 16)) == 0 { return findBeyond(bucket, hash) }
        return lanes & 0xffff == 0 ? nil : SlotTable.slot(bucket, lanes)
    }

    /// Looks in the buckets after a full one.
    @inline(never)
    private func findBeyond(_ first: UInt64, _ hash: UInt64) -> UInt32? {
        var bucket = first
        for _ in 1..<ModelHeader.maxProbes {
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
            let (lanes, isFull) = lanes(of: hash, in: bucket)
            if lanes != 0 { return SlotTable.slot(bucket, lanes) }
            if !isFull { return nil }
        }
        return nil
    }

    /// A bit for each position in a bucket with the feature's fingerprint, and whether the bucket is full.
    @inline(__always)
    private func lanes(of hash: UInt64, in bucket: UInt64) -> (lanes: UInt32, isFull: Bool) {
        // `bucket` < `buckets`: its fingerprints are within the file.
        let line = unsafe fingerprints + Int(bucket) &* ModelHeader.bucketStride
        let last = unsafe line.load(fromByteOffset: ModelHeader.bucketStride - 2, as: UInt16.self)
        return (unsafe UInt32(cscoring_equal(line, SlotTable.fingerprint(hash))), last != 0)
    }

    /// If several positions match, the first one is the feature's.
    @inline(__always)
    private static func slot(_ bucket: UInt64, _ lanes: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: bucket) &* UInt32(ModelHeader.bucketSize)
            &+ UInt32(truncatingIfNeeded: lanes.trailingZeroBitCount)
    }

    /// Prefetches the bucket of a feature into the processor's cache.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        unsafe clinux_prefetch(
            fingerprints + Int(hash.multipliedFullWidth(by: buckets).high) &* ModelHeader.bucketStride)
    }

    /// Prefetches the row of a slot that `find` returned.
    @inline(__always)
    func prefetchRow(_ slot: UInt32) { unsafe clinux_prefetch(row(slot)) }

    /// The row of a slot that `find` returned: `rowSize` bytes.
    @inline(__always)
    func row(_ slot: UInt32) -> UnsafePointer<UInt8> {
        unsafe rows + Int(slot) &* rowSize
    }

    /// The fingerprint of a feature within its bucket; never 0.
    @inline(__always)
    static func fingerprint(_ hash: UInt64) -> UInt16 { max(1, UInt16(truncatingIfNeeded: hash)) }
}

// SPDX-License-Identifier: Apache-2.0
/// Where a record is in the heap: the value in the table of records. 12 bytes, little-endian: offset in the file (8),
/// size of the record (4).
struct HeapLocation: Hashable, Sendable {
    /// The encoded size. A record is always longer, which tells the two apart.
    static let size = 12
    /// Records begin at multiples of this, so that freed space fits other records.
    static let unit = 64

    let offset: Int
    let count: Int

    init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// How much of the file the record occupies.
    var extent: Int { Self.extent(of: count) }

    /// How much a record of `count` bytes occupies.
    static func extent(of count: Int) -> Int { (count + unit - 1) / unit * unit }

    /// Decodes a location; `nil` if the bytes are not one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        let offset = UInt64(littleEndian: unsafe bytes.loadUnaligned(as: UInt64.self))
        let count = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard let offset = Int(exactly: offset), offset % Self.unit == 0 else { return nil }
        self.init(offset: offset, count: Int(count))
    }

    /// Calls `body` with the encoded location.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = (UInt64(offset).littleEndian, UInt32(clamping: count).littleEndian)
        return try unsafe withUnsafeBytes(of: words) { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<Self.size]))
        }
    }
}

/// A part of the heap.
struct Extent: Equatable {
    var offset: Int
    var size: Int
    /// It holds a deletion, and waits a second time before it becomes free (``HeapSpace``).
    var waitsTwice = false

    var end: Int { offset + size }

    private static let waitsTwiceBit: UInt64 = 1 << 63

    init(offset: Int, size: Int, waitsTwice: Bool = false) {
        self.offset = offset
        self.size = size
        self.waitsTwice = waitsTwice
    }

    /// Decodes the size; `nil` if it is invalid.
    init?(offset: Int, _ value: UnsafeRawBufferPointer) {
        guard value.count == 8 else { return nil }
        let word = UInt64(littleEndian: unsafe value.loadUnaligned(as: UInt64.self))
        guard let size = Int(exactly: word & ~Self.waitsTwiceBit), offset >= 0, size > 0, size % HeapLocation.unit == 0,
            !offset.addingReportingOverflow(size).overflow
        else { return nil }
        self.init(offset: offset, size: size, waitsTwice: word & Self.waitsTwiceBit != 0)
    }

    /// The encoded size.
    var encodedSize: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8)
        bytes.set(UInt64(size) | (waitsTwice ? Self.waitsTwiceBit : 0), at: 0)
        return bytes
    }
}

/// The keys of the table of free space, which ``HeapSpace`` describes.
enum HeapKey {
    private enum Kind: UInt8 {
        case about = 0
        case free
        case freeAt
        case waiting
    }

    static let about: [UInt8] = [Kind.about.rawValue]

    static func free(_ extent: Extent) -> [UInt8] { key(.free, [UInt64(extent.size), UInt64(extent.offset)]) }

    static func freeAt(_ offset: Int) -> [UInt8] { key(.freeAt, [UInt64(offset)]) }

    static func waiting(_ transaction: UInt64, _ offset: Int) -> [UInt8] {
        key(.waiting, [transaction, UInt64(offset)])
    }

    /// Decodes the key of a free extent, by size; `nil` if it is another key.
    static func free(_ key: UnsafeRawBufferPointer) -> Extent? {
        guard unsafe isKey(key, .free, 2), let size = unsafe number(key, 0), let offset = unsafe number(key, 1),
            !offset.addingReportingOverflow(size).overflow
        else { return nil }
        return Extent(offset: offset, size: size)
    }

    /// Decodes the key of a free extent, by offset.
    static func freeAt(_ key: UnsafeRawBufferPointer) -> Int? {
        unsafe isKey(key, .freeAt, 1) ? unsafe number(key, 0) : nil
    }

    /// Decodes the key of a waiting extent.
    static func waiting(_ key: UnsafeRawBufferPointer) -> (transaction: UInt64, offset: Int)? {
        guard unsafe isKey(key, .waiting, 2), let offset = unsafe number(key, 1) else { return nil }
        return (unsafe word(key, 0), offset)
    }

    private static func key(_ kind: Kind, _ numbers: [UInt64]) -> [UInt8] {
        var bytes = [kind.rawValue]
        bytes.reserveCapacity(1 + 8 * numbers.count)
        for number in numbers {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        return bytes
    }

    private static func isKey(_ key: UnsafeRawBufferPointer, _ kind: Kind, _ numbers: Int) -> Bool {
        unsafe key.count == 1 + 8 * numbers && key[0] == kind.rawValue
    }

    private static func word(_ key: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        UInt64(bigEndian: unsafe key.loadUnaligned(fromByteOffset: 1 + 8 * index, as: UInt64.self))
    }

    private static func number(_ key: UnsafeRawBufferPointer, _ index: Int) -> Int? {
        Int(exactly: unsafe word(key, index))
    }
}

/// Where a record lies in the heap: what the table of records has for it. 12 bytes, little-endian: the offset in the file
/// (8), and how many bytes the record has (4).
struct HeapLocation: Hashable, Sendable {
    /// As it stands in the table. A record itself is longer.
    static let size = 12
    /// Records begin at multiples of it, so that what one leaves behind fits another.
    static let unit = 64

    let offset: Int
    let count: Int

    init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// How much of the file the record takes.
    var extent: Int { Self.extent(of: count) }

    /// How much a record of so many bytes takes.
    static func extent(of count: Int) -> Int { (count + unit - 1) / unit * unit }

    /// Reads a location; `nil` if it is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        let offset = UInt64(littleEndian: unsafe bytes.loadUnaligned(as: UInt64.self))
        let count = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard let offset = Int(exactly: offset), offset % Self.unit == 0 else { return nil }
        self.init(offset: offset, count: Int(count))
    }

    /// Calls `body` with the location as it stands in the table.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = (UInt64(offset).littleEndian, UInt32(clamping: count).littleEndian)
        return try unsafe withUnsafeBytes(of: words) { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<Self.size]))
        }
    }
}

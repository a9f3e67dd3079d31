internal import ArticleProtocol

/// The effect of a change, as it stands in a group: 40 bytes, and in most groups the record behind them, as it is in the heap.
///
/// | at | bytes | what                                                                                     |
/// |---:|------:|------------------------------------------------------------------------------------------|
/// |  0 |    16 | id                                                                                       |
/// | 16 |     4 | 1: an article is put; 2: it is deleted; 3, 4: the same, and the record is in the heap already |
/// | 20 |     4 | size of the record, little-endian as the rest                                            |
/// | 24 |     8 | where the record lies in the heap                                                        |
/// | 32 |     4 | the record's own checksum                                                                |
/// | 36 |     4 | 0                                                                                        |
///
/// Effects, and not the requests for them: replaying one that is there already changes nothing. A deletion has a record
/// too (``RecordHeader/Kind/deletion``).
@safe
struct LogEntry {
    static let size = 40

    let id: ArticleID
    let kind: RecordHeader.Kind
    /// The record; `nil`: it was written to the heap alone.
    let record: UnsafeRawBufferPointer?
    /// Where the record lies in the heap.
    let location: HeapLocation
    /// The record's own: in its place there may be another one, even an earlier one of the same id.
    let checksum: UInt32
    /// The entry without its record: what the checksum of its group is of.
    let head: UnsafeRawBufferPointer

    /// Writes the head of an entry for a record.
    ///
    /// - Parameters:
    ///   - checksum: the record's own.
    ///   - isInHeap: the record is there already, and does not follow.
    static func encode(
        _ id: ArticleID, _ kind: RecordHeader.Kind, _ location: HeapLocation, checksum: UInt32, isInHeap: Bool,
        to bytes: UnsafeMutableRawPointer
    ) {
        let number: UInt32 = (kind == .article ? 1 : 2) + (isInHeap ? 2 : 0)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe bytes.storeBytes(of: id.high.bigEndian, as: UInt64.self)
        unsafe bytes.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: number.littleEndian, toByteOffset: 16, as: UInt32.self)
        unsafe bytes.storeBytes(
            of: UInt32(clamping: location.count).littleEndian, toByteOffset: 20, as: UInt32.self)
        unsafe bytes.storeBytes(of: UInt64(location.offset).littleEndian, toByteOffset: 24, as: UInt64.self)
        unsafe bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 32, as: UInt32.self)
    }

    /// Calls `body` with each entry of a group. `false` if they are not what the format says.
    static func forEach(
        _ payload: UnsafeRawBufferPointer, count: Int, _ body: (LogEntry) throws(ServiceError) -> Void
    ) throws(ServiceError) -> Bool {
        var offset = 0
        for _ in 0..<count {
            guard payload.count - offset >= size else { return false }
            let head = unsafe UnsafeRawBufferPointer(rebasing: payload[offset..<offset + size])
            func word(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: unsafe head.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            let (number, length) = (word(16), Int(word(20)))
            let place = UInt64(littleEndian: unsafe head.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            offset += size
            guard
                let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: head[..<16]))),
                let place = Int(exactly: place), (1...4).contains(number)
            else { return false }
            var record: UnsafeRawBufferPointer?
            if number <= 2 {
                guard payload.count - offset >= length else { return false }
                unsafe record = UnsafeRawBufferPointer(rebasing: payload[offset..<offset + length])
                offset += length
            }
            unsafe try body(
                LogEntry(
                    id: id, kind: number % 2 == 1 ? .article : .deletion, record: record,
                    location: HeapLocation(offset: place, count: length), checksum: word(32), head: head))
        }
        return offset == payload.count
    }

    /// Its record, in the log or in the heap; `nil` if it can be in neither.
    func bytes(_ heap: HeapFile?) -> UnsafeRawBufferPointer? {
        if let record = unsafe record { return unsafe record }
        return unsafe heap?.bytes(location)
    }

    /// Whether the record is there as a whole. The log may have come to disk before it did, and nobody was told then.
    func hasRecord(_ heap: HeapFile?) -> Bool {
        guard let record = unsafe bytes(heap) else { return false }
        return unsafe RecordChecksum.isWhole(id, record) && RecordChecksum.stored(record) == checksum
    }
}

internal import ArticleProtocol

/// The effect of a change, as it stands in a group: 40 bytes, and in most groups the record behind them, as it is in the heap.
///
/// | at | bytes | what                                                                                     |
/// |---:|------:|------------------------------------------------------------------------------------------|
/// |  0 |    16 | id                                                                                       |
/// | 16 |     4 | 1: the record is put; 2: it is deleted; 3: it is put, and in the heap already             |
/// | 20 |     4 | size of the record, little-endian as the rest; 0 for a deletion                           |
/// | 24 |     8 | where the record lies in the heap; 0 for a deletion                                       |
/// | 32 |     4 | the record's own checksum; 0 for a deletion                                              |
/// | 36 |     4 | 0                                                                                        |
///
/// Effects, and not the requests for them: to replay one that is there already changes nothing.
@safe
struct LogEntry {
    static let size = 40

    /// What becomes of the record.
    @safe
    enum Effect {
        case put(UnsafeRawBufferPointer)
        case putInHeap
        case delete
    }

    let id: ArticleID
    let effect: Effect
    /// Where the record lies; nowhere if it is deleted.
    let location: HeapLocation
    /// The record's own: in its place there may be another one, even a former one of the same id.
    let checksum: UInt32
    /// The entry without its record: what the checksum of its group is of.
    let head: UnsafeRawBufferPointer

    /// Writes the head of an entry for a record.
    ///
    /// - Parameters:
    ///   - checksum: the record's own.
    ///   - isInHeap: the record is there already, and does not follow.
    static func encode(
        _ id: ArticleID, _ location: HeapLocation, checksum: UInt32, isInHeap: Bool,
        to bytes: UnsafeMutableRawPointer
    ) {
        unsafe encode(id, kind: isInHeap ? 3 : 1, to: bytes)
        unsafe bytes.storeBytes(
            of: UInt32(clamping: location.count).littleEndian, toByteOffset: 20, as: UInt32.self)
        unsafe bytes.storeBytes(of: UInt64(location.offset).littleEndian, toByteOffset: 24, as: UInt64.self)
        unsafe bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 32, as: UInt32.self)
    }

    /// Writes an entry for a deletion.
    static func encode(deletionOf id: ArticleID, to bytes: UnsafeMutableRawPointer) {
        unsafe encode(id, kind: 2, to: bytes)
    }

    private static func encode(_ id: ArticleID, kind: UInt32, to bytes: UnsafeMutableRawPointer) {
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe bytes.storeBytes(of: id.high.bigEndian, as: UInt64.self)
        unsafe bytes.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: kind.littleEndian, toByteOffset: 16, as: UInt32.self)
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
            let (kind, length) = (word(16), Int(word(20)))
            let place = UInt64(littleEndian: unsafe head.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            offset += size
            guard
                let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: head[..<16]))),
                let place = Int(exactly: place)
            else { return false }
            let effect: Effect
            switch kind {
            case 1:
                guard payload.count - offset >= length else { return false }
                unsafe effect = .put(UnsafeRawBufferPointer(rebasing: payload[offset..<offset + length]))
                offset += length
            case 2: effect = .delete
            case 3: effect = .putInHeap
            default: return false
            }
            unsafe try body(
                LogEntry(
                    id: id, effect: effect, location: HeapLocation(offset: place, count: length), checksum: word(32),
                    head: head))
        }
        return offset == payload.count
    }

    /// Whether the record that is put is there as a whole. The log may have come to disk before it did, and nobody was told then.
    func hasRecord(_ heap: HeapFile?) -> Bool {
        let record: UnsafeRawBufferPointer?
        switch effect {
        case .put(let found): unsafe record = found
        case .putInHeap: unsafe record = heap?.bytes(location)
        case .delete: return true
        }
        guard let record = unsafe record else { return false }
        return unsafe RecordChecksum.isWhole(id, record) && RecordChecksum.stored(record) == checksum
    }
}

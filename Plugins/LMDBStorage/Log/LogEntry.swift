internal import ArticleProtocol

/// The effect of a change, as it stands in a group: 40 bytes, and in most groups the record behind them, as it is in the heap.
///
/// | at | bytes | what                                                                                     |
/// |---:|------:|------------------------------------------------------------------------------------------|
/// |  0 |    16 | id                                                                                       |
/// | 16 |     4 | 1: the record is put; 2: it is deleted; 3: it is put, and in the heap already             |
/// | 20 |     4 | size of the record, little-endian as the rest; 0 for a deletion                           |
/// | 24 |     8 | where the record lies in the heap; 0 for a deletion                                       |
/// | 32 |     4 | the record's own checksum if it is in the heap already; else 0                            |
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
        /// With its own checksum: there may be another one in its place, even a former one of the same id.
        case putInHeap(UInt32)
        case delete
    }

    let id: ArticleID
    let effect: Effect
    /// Where the record lies; nowhere if it is deleted.
    let location: HeapLocation

    /// Writes the head of an entry for a record.
    ///
    /// - Parameter checksum: the record's own, if it is not to follow.
    static func encode(
        _ id: ArticleID, _ location: HeapLocation, checksum: UInt32?, to bytes: UnsafeMutableRawPointer
    ) {
        unsafe encode(id, kind: checksum == nil ? 1 : 3, to: bytes)
        unsafe bytes.storeBytes(
            of: UInt32(clamping: location.count).littleEndian, toByteOffset: 20, as: UInt32.self)
        unsafe bytes.storeBytes(of: UInt64(location.offset).littleEndian, toByteOffset: 24, as: UInt64.self)
        unsafe bytes.storeBytes(of: (checksum ?? 0).littleEndian, toByteOffset: 32, as: UInt32.self)
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

    /// Calls `body` with each entry of a group whose checksum is right. `false` if they are not what the format says.
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
            case 3: effect = .putInHeap(word(32))
            default: return false
            }
            try body(LogEntry(id: id, effect: effect, location: HeapLocation(offset: place, count: length)))
        }
        return offset == payload.count
    }
}

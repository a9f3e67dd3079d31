internal import ArticleProtocol

/// The effect of a change, as it stands in a group: 24 bytes, and the record as it is in the database behind them.
///
/// | at | bytes | what                                         |
/// |---:|------:|----------------------------------------------|
/// |  0 |    16 | id                                           |
/// | 16 |     4 | 1: the record is put; 2: it is deleted       |
/// | 20 |     4 | size of the record, little-endian; 0 for a deletion |
///
/// Effects, and not the requests for them: to replay one that is there already changes nothing.
@safe
struct LogEntry {
    static let size = 24

    let id: ArticleID
    /// `nil`: deleted.
    let record: UnsafeRawBufferPointer?

    /// Writes the head of an entry.
    static func encode(_ id: ArticleID, size: Int?, to bytes: UnsafeMutableRawPointer) {
        unsafe bytes.storeBytes(of: id.high.bigEndian, as: UInt64.self)
        unsafe bytes.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: UInt32(size == nil ? 2 : 1).littleEndian, toByteOffset: 16, as: UInt32.self)
        unsafe bytes.storeBytes(of: UInt32(clamping: size ?? 0).littleEndian, toByteOffset: 20, as: UInt32.self)
    }

    /// Calls `body` with each entry of a group whose checksum is right. `false` if they are not what the format says.
    static func forEach(
        _ payload: UnsafeRawBufferPointer, count: Int, _ body: (LogEntry) throws(ServiceError) -> Void
    ) throws(ServiceError) -> Bool {
        var offset = 0
        for _ in 0..<count {
            guard payload.count - offset >= size else { return false }
            let head = unsafe UnsafeRawBufferPointer(rebasing: payload[offset..<offset + size])
            let kind = UInt32(littleEndian: unsafe head.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
            let length = Int(UInt32(littleEndian: unsafe head.loadUnaligned(fromByteOffset: 20, as: UInt32.self)))
            offset += size
            guard kind == 1 || kind == 2 && length == 0, payload.count - offset >= length else { return false }
            guard let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: head[..<16])))
            else { return false }
            let record = unsafe UnsafeRawBufferPointer(rebasing: payload[offset..<offset + length])
            try body(unsafe LogEntry(id: id, record: kind == 1 ? record : nil))
            offset += length
        }
        return offset == payload.count
    }

    private init(id: ArticleID, record: UnsafeRawBufferPointer?) {
        self.id = id
        unsafe self.record = record
    }
}

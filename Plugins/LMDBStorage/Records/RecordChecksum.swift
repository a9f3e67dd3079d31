internal import ArticleProtocol

/// The checksum of a record but for its content.
enum RecordChecksum {
    /// What it should be.
    static func of(_ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> UInt32 {
        unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: record[4..<header.contentOffset]))
    }

    /// The header of a record that is what its checksum says, but for its content; `nil`: it is damaged.
    @inline(__always)
    static func header(_ record: UnsafeRawBufferPointer) -> RecordHeader? {
        guard record.count >= RecordHeader.size, let header = unsafe RecordHeader(decoding: record),
            header.recordSize == record.count, unsafe of(record, header) == stored(record)
        else { return nil }
        return header
    }

    /// Whether a record is whole, its content too, and that of an id.
    static func isWhole(_ id: ArticleID, _ record: UnsafeRawBufferPointer) -> Bool {
        guard let header = unsafe header(record), header.id == id else { return false }
        return unsafe isContentWhole(record, header)
    }

    /// Whether the content of a record is what its header says.
    static func isContentWhole(_ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> Bool {
        let content = unsafe UnsafeRawBufferPointer(rebasing: record[header.contentOffset...])
        return unsafe CRC32C.checksum(content) == header.contentChecksum
    }

    /// What the record says.
    static func stored(_ record: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(littleEndian: unsafe record.loadUnaligned(as: UInt32.self))
    }
}

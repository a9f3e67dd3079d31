internal import ArticleProtocol

/// The checksum of a record but for its content.
enum RecordChecksum {
    /// What it should be: of the id too, so that a record under another's id is found out.
    static func of(_ id: ArticleID, _ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> UInt32 {
        let start = unsafe id.withKey { unsafe CRC32C.checksum($0) }
        let covered = unsafe UnsafeRawBufferPointer(rebasing: record[4..<header.contentOffset])
        return unsafe CRC32C.checksum(covered, continuing: start)
    }

    /// The header of a record that is what its checksum says, but for its content; `nil`: it is damaged, or another's.
    static func header(_ id: ArticleID, _ record: UnsafeRawBufferPointer) -> RecordHeader? {
        guard record.count >= RecordHeader.size else { return nil }
        let header = unsafe RecordHeader(decoding: record)
        let format = UInt16(littleEndian: unsafe record.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        guard format == RecordHeader.format, header.contentOffset + Int(header.contentSize) == record.count,
            unsafe of(id, record, header) == stored(record)
        else { return nil }
        return header
    }

    /// Whether a record is whole, its content too.
    static func isWhole(_ id: ArticleID, _ record: UnsafeRawBufferPointer) -> Bool {
        guard let header = unsafe header(id, record) else { return false }
        let content = unsafe UnsafeRawBufferPointer(rebasing: record[header.contentOffset...])
        return unsafe CRC32C.checksum(content) == header.contentChecksum
    }

    /// What the record says.
    static func stored(_ record: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(littleEndian: unsafe record.loadUnaligned(as: UInt32.self))
    }
}

internal import ArticleProtocol

/// The checksum of a record but for its content.
enum RecordChecksum {
    /// What it should be: of the id too, so that a record under another's id is found out.
    static func of(_ id: ArticleID, _ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> UInt32 {
        let start = unsafe id.withKey { unsafe CRC32C.checksum($0) }
        let covered = unsafe UnsafeRawBufferPointer(rebasing: record[4..<header.contentOffset])
        return unsafe CRC32C.checksum(covered, continuing: start)
    }

    /// What the record says.
    static func stored(_ record: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(littleEndian: unsafe record.loadUnaligned(as: UInt32.self))
    }
}

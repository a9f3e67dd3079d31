internal import ArticleProtocol
internal import CPluginABI

extension StoredRecord {
    /// Calls `body` with the record that the other side lends.
    static func with<Result>(
        _ record: UnsafePointer<articled_record>, _ body: (borrowing StoredRecord) -> Result
    ) -> Result {
        let content = unsafe record.pointee.content.buffer
        let key = unsafe record.pointee.key.buffer
        let id = unsafe withUnsafeBytes(of: record.pointee.id) { unsafe ArticleID(at: $0.baseAddress!) }
        let lent = unsafe StoredRecord(
            id: id, revision: record.pointee.revision, createdAt: record.pointee.created_at,
            storedAt: record.pointee.stored_at, time: record.pointee.time,
            contentChecksum: record.pointee.content_crc32c, content: RawSpan(_unsafeBytes: content),
            key: RawSpan(_unsafeBytes: key))
        return body(lent)
    }

    /// Calls `body` with the record in the C form.
    func withC<Result>(_ body: (UnsafePointer<articled_record>) -> Result) -> Result {
        unsafe content.withUnsafeBytes { content in
            unsafe key.withUnsafeBytes { key in
                var record = unsafe articled_record()
                unsafe record.size = UInt32(MemoryLayout<articled_record>.size)
                unsafe record.content_crc32c = contentChecksum
                unsafe id.withBytes { id in
                    unsafe withUnsafeMutableBytes(of: &record.id) {
                        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: id, count: 16))
                    }
                }
                unsafe record.revision = revision
                unsafe record.created_at = createdAt
                unsafe record.stored_at = storedAt
                unsafe record.time = time
                unsafe record.content = articled_bytes(content)
                unsafe record.key = articled_bytes(key)
                return unsafe body(&record)
            }
        }
    }
}

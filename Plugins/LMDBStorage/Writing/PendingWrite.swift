internal import ArticleProtocol
internal import HandlerKit

/// A change that waits for its transaction, with all that it needs.
struct PendingWrite: Sendable {
    let kind: StorageWrite.Kind
    let target: StorageWrite.Target
    let expectedRevision: UInt64?
    let time: Int64?
    let contentChecksum: UInt32
    let keySize: Int
    let termsSize: Int
    let contentSize: Int
    /// The record as it will be in the file, but for its header: key, terms and content are copied once, to their place.
    private(set) var record: [UInt8]
    let completion: @Sendable (WriteResult) -> Void

    /// Copies a change.
    init(_ write: borrowing StorageWrite, _ completion: @escaping @Sendable (WriteResult) -> Void) {
        kind = write.kind
        target = write.target
        expectedRevision = write.expectedRevision
        time = write.time
        contentChecksum = write.contentChecksum
        keySize = write.key.byteCount
        contentSize = write.content.byteCount
        self.completion = completion
        let (keySize, contentSize) = (write.key.byteCount, write.content.byteCount)
        var termsSize = 0
        record = unsafe write.terms.withPackedBytes { terms in
            termsSize = terms.count
            let size = RecordHeader.size + keySize + terms.count + contentSize
            return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var offset = RecordHeader.size
                func append(_ part: UnsafeRawBufferPointer) {
                    unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: part)
                    offset += part.count
                }
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<offset]).initializeMemory(
                    as: UInt8.self, repeating: 0)
                unsafe write.key.withUnsafeBytes { unsafe append($0) }
                unsafe append(terms)
                unsafe write.content.withUnsafeBytes { unsafe append($0) }
                count = size
            }
        }
        self.termsSize = termsSize
    }

    /// Calls `body` with the key.
    func withKey<Result>(_ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result) throws(ServiceError) -> Result
    {
        try unsafe part(RecordHeader.size, keySize, body)
    }

    /// Calls `body` with the terms, each behind its length.
    func withTerms<Result>(_ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result) throws(ServiceError)
        -> Result
    {
        try unsafe part(RecordHeader.size + keySize, termsSize, body)
    }

    /// Calls `body` with the content.
    func withContent<Result>(
        _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try unsafe part(RecordHeader.size + keySize + termsSize, contentSize, body)
    }

    /// Fills in the header: the record is complete then.
    mutating func complete(_ id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64) {
        let header = RecordHeader(
            termsSize: UInt16(clamping: termsSize), contentChecksum: contentChecksum,
            keySize: UInt32(clamping: keySize),
            revision: revision, createdAt: createdAt, storedAt: storedAt, time: time ?? createdAt,
            contentSize: UInt32(clamping: contentSize))
        unsafe record.withUnsafeMutableBytes { bytes in
            unsafe header.encode(to: bytes)
            let checksum = unsafe RecordChecksum.of(id, UnsafeRawBufferPointer(bytes), header)
            unsafe bytes.storeBytes(of: checksum.littleEndian, as: UInt32.self)
        }
    }

    private func part<Result>(
        _ offset: Int, _ size: Int, _ body: (UnsafeRawBufferPointer) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        unsafe try record.lend { bytes throws(ServiceError) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
        }
    }
}

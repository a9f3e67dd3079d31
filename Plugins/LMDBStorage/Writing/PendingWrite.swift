internal import ArticleProtocol
internal import HandlerKit

/// A change that waits for its transaction, with all that it needs.
///
/// Sendable although it has memory: whoever has the change writes to that, one after the other.
@safe
struct PendingWrite: @unchecked Sendable {
    let kind: StorageWrite.Kind
    let target: StorageWrite.Target
    let expectedRevision: UInt64?
    let time: Int64?
    let contentChecksum: UInt32
    let keySize: Int
    let termsSize: Int
    let contentSize: Int
    /// Room for the head of an entry of the log, then the record as it will be in the file, but for its header: key, terms
    /// and content are copied once, to their place.
    private let memory: RecordMemory
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
        (memory, termsSize) = unsafe write.terms.withPackedBytes { terms in
            let head = LogEntry.size + RecordHeader.size
            let memory = RecordMemory.of(head + keySize + terms.count + contentSize)
            var offset = head
            func append(_ part: UnsafeRawBufferPointer) {
                unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset...]).copyMemory(from: part)
                offset += part.count
            }
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<head]).initializeMemory(
                as: UInt8.self, repeating: 0)
            unsafe write.key.withUnsafeBytes { unsafe append($0) }
            unsafe append(terms)
            unsafe write.content.withUnsafeBytes { unsafe append($0) }
            return (memory, terms.count)
        }
    }

    /// How large the record is.
    var recordSize: Int { unsafe memory.bytes.count - LogEntry.size }

    // What follows lends memory that lives as long as the change.

    /// The record: as it will be in the file once it is complete.
    var record: UnsafeRawBufferPointer { unsafe part(0, recordSize) }
    /// The alternate key; empty if it has none.
    var key: UnsafeRawBufferPointer { unsafe part(RecordHeader.size, keySize) }
    /// The terms, each behind its length.
    var terms: UnsafeRawBufferPointer { unsafe part(RecordHeader.size + keySize, termsSize) }
    /// What is to be stored.
    var content: UnsafeRawBufferPointer { unsafe part(RecordHeader.size + keySize + termsSize, contentSize) }

    /// Fills in the header: the record is complete then.
    func complete(_ id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64) {
        let header = RecordHeader(
            termsSize: UInt16(clamping: termsSize), contentChecksum: contentChecksum,
            keySize: UInt32(clamping: keySize),
            revision: revision, createdAt: createdAt, storedAt: storedAt, time: time ?? createdAt,
            contentSize: UInt32(clamping: contentSize))
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[LogEntry.size...])
        unsafe header.encode(to: bytes)
        let checksum = unsafe RecordChecksum.of(id, UnsafeRawBufferPointer(bytes), header)
        unsafe bytes.storeBytes(of: checksum.littleEndian, as: UInt32.self)
    }

    /// The complete record as an entry of the log.
    ///
    /// - Parameter isInHeap: it is there already, and the entry only says so.
    func entry(_ id: ArticleID, _ location: HeapLocation, isInHeap: Bool) -> UnsafeRawBufferPointer {
        let checksum = isInHeap ? unsafe CRC32C.checksum(record) : nil
        if let start = unsafe memory.bytes.baseAddress {
            unsafe LogEntry.encode(id, location, checksum: checksum, to: start)
        }
        return isInHeap ? unsafe head : unsafe UnsafeRawBufferPointer(memory.bytes)
    }

    /// The entry of the log that says that the record is deleted.
    func deletion(_ id: ArticleID) -> UnsafeRawBufferPointer {
        if let start = unsafe memory.bytes.baseAddress { unsafe LogEntry.encode(deletionOf: id, to: start) }
        return unsafe head
    }

    private var head: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: memory.bytes[..<LogEntry.size])
    }

    private func part(_ offset: Int, _ size: Int) -> UnsafeRawBufferPointer {
        let start = LogEntry.size + offset
        return unsafe UnsafeRawBufferPointer(rebasing: memory.bytes[start..<start + size])
    }
}

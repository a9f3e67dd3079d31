// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// A write that waits for its transaction, in one block of memory: the request, space for the head of a log entry,
/// then the record as it will be in the file, except for its header. Key, terms and content are copied once to their
/// final position, so that one call can write many records.
///
/// Sendable although it holds memory: only the current owner of the write modifies it.
@safe
struct PendingWrite: @unchecked Sendable {
    private struct Head {
        let kind: StorageWrite.Kind
        let target: StorageWrite.Target
        let expectedRevision: UInt64?
        let time: Int64?
        let createdAt: Int64?
        let contentChecksum: UInt32
        var formerKey: [UInt8]
        var keySize: Int
        let termsSize: Int
        let contentSize: Int
        let completion: @Sendable (WriteResult) -> Void

        var size: Int { PendingWrite.keyOffset + keySize + termsSize + contentSize }
    }

    private final class Memory: ManagedBuffer<Head, UInt8> {}

    private static let keyOffset = LogEntry.size + RecordHeader.size
    /// The largest record: far above what crosses the wire, far below what the header and LMDB can represent.
    private static let maxBytes = 1 << 30

    private let memory: Memory

    /// Copies a write.
    init(_ write: borrowing StorageWrite, _ completion: @escaping @Sendable (WriteResult) -> Void) {
        let (key, content) = (write.key, write.content)
        let formerKey = unsafe write.formerKey.withUnsafeBytes { unsafe [UInt8]($0) }
        memory = unsafe write.terms.withPackedBytes { terms in
            let head = Head(
                kind: write.kind, target: write.target, expectedRevision: write.expectedRevision, time: write.time,
                createdAt: write.createdAt, contentChecksum: write.contentChecksum, formerKey: formerKey,
                keySize: key.byteCount, termsSize: terms.count,
                contentSize: content.byteCount, completion: completion)
            let memory = unsafe unsafeDowncast(
                Memory.create(minimumCapacity: head.size + max(0, formerKey.count - key.byteCount)) { _ in head },
                to: Memory.self)
            let bytes = unsafe Self.bytes(of: memory)
            unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<Self.keyOffset]).initializeMemory(
                as: UInt8.self, repeating: 0)
            let termsOffset = Self.keyOffset + key.byteCount
            unsafe key.withUnsafeBytes { unsafe Self.copy($0, to: bytes, at: Self.keyOffset) }
            unsafe Self.copy(terms, to: bytes, at: termsOffset)
            unsafe content.withUnsafeBytes { unsafe Self.copy($0, to: bytes, at: termsOffset + terms.count) }
            return memory
        }
    }

    private static func copy(
        _ part: UnsafeRawBufferPointer, to bytes: UnsafeMutableRawBufferPointer, at offset: Int
    ) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: part)
    }

    var kind: StorageWrite.Kind { unsafe head.pointee.kind }
    var target: StorageWrite.Target { unsafe head.pointee.target }
    var expectedRevision: UInt64? { unsafe head.pointee.expectedRevision }
    var time: Int64? { unsafe head.pointee.time }
    /// When the record was created, if the writer says so.
    var createdAt: Int64? { unsafe head.pointee.createdAt }
    var contentChecksum: UInt32 { unsafe head.pointee.contentChecksum }
    var keySize: Int { unsafe head.pointee.keySize }
    /// An earlier form of the key; empty if there is none.
    var formerKey: [UInt8] { unsafe head.pointee.formerKey }

    /// The id that came with the write.
    var namedID: ArticleID {
        switch target {
        case .id(let id), .key(let id): id
        }
    }

    /// What is wrong with the write itself.
    ///
    /// Content that does not match its checksum must be refused: in the log it would look like a record that did not
    /// reach the disk completely, and a recovery would take it for the end of the log.
    var fault: ServiceError? {
        if case .key = target, keySize == 0 {
            return ServiceError(.invalidArgument, "a write identifies its article by a key, but the key is empty")
        }
        if recordSize > Self.maxBytes {
            return ServiceError(
                .resourceExhausted, "an article may have at most \(Self.maxBytes) bytes, this one has \(recordSize)")
        }
        guard kind == .put else { return nil }
        let checksum = unsafe CRC32C.checksum(content)
        if checksum == contentChecksum { return nil }
        return ServiceError(
            .internal,
            "the content's CRC-32C is \(checksum), but the write says \(contentChecksum): the handler that wrote it has a bug"
        )
    }

    /// Answers the writer. Call it once.
    func complete(_ result: WriteResult) { unsafe head.pointee.completion(result) }

    // By address: regular access checks for exclusivity each time.
    private var head: UnsafeMutablePointer<Head> { unsafe memory.withUnsafeMutablePointerToHeader { unsafe $0 } }
    private var bytes: UnsafeMutableRawBufferPointer { unsafe Self.bytes(of: memory) }

    private static func bytes(of memory: Memory) -> UnsafeMutableRawBufferPointer {
        unsafe memory.withUnsafeMutablePointers { head, elements in
            unsafe UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(elements), count: head.pointee.size)
        }
    }

    /// The size of the record. For a deletion it includes the key in the request.
    var recordSize: Int { unsafe bytes.count - LogEntry.size }

    // The properties below lend memory that is valid as long as the write.

    /// The record, as it will be in the file once it is complete.
    var record: UnsafeRawBufferPointer { unsafe part(0, kind == .put ? recordSize : RecordHeader.size) }
    /// The alternate key; empty if it has none.
    var key: UnsafeRawBufferPointer { unsafe part(RecordHeader.size, keySize) }
    /// The terms, each preceded by its length.
    var terms: UnsafeRawBufferPointer { unsafe part(RecordHeader.size + keySize, head.pointee.termsSize) }
    /// The content to store.
    var content: UnsafeRawBufferPointer {
        unsafe part(RecordHeader.size + keySize + head.pointee.termsSize, head.pointee.contentSize)
    }

    /// The record keeps its former key: moves terms and content behind it. There is room for that.
    func keepFormerKey() {
        let former = formerKey
        let (old, size) = unsafe (Self.keyOffset + keySize, head.pointee.termsSize + head.pointee.contentSize)
        let new = Self.keyOffset + former.count
        unsafe memory.withUnsafeMutablePointerToElements { start in
            // The regions may overlap.
            unsafe UnsafeMutableRawPointer(start + new).copyMemory(from: start + old, byteCount: size)
            for (index, byte) in former.enumerated() { unsafe start[Self.keyOffset + index] = byte }
        }
        unsafe head.pointee.keySize = former.count
        unsafe head.pointee.formerKey = []
    }

    /// Completes the record by filling in its header. A deletion's record is the header alone.
    ///
    /// - Parameters:
    ///   - stamp: sequence number and seal.
    ///   - deletedAt: the time of a deletion.
    func fill(
        _ id: ArticleID, revision: UInt64, createdAt: Int64, storedAt: Int64, deletedAt: Int64? = nil,
        _ stamp: RecordStamp
    ) {
        var filled = RecordHeader(
            kind: kind == .put ? .article : .deletion, id: id, sequence: stamp.sequence, seal: stamp.seal,
            revision: revision, createdAt: createdAt, storedAt: storedAt, time: deletedAt ?? time ?? createdAt)
        if kind == .put {
            filled.termsSize = UInt16(clamping: unsafe head.pointee.termsSize)
            filled.contentChecksum = contentChecksum
            filled.keySize = UInt32(clamping: keySize)
            filled.contentSize = UInt32(clamping: unsafe head.pointee.contentSize)
        }
        let record = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[LogEntry.size...])
        unsafe filled.encode(to: record)
        let checksum = unsafe RecordChecksum.of(UnsafeRawBufferPointer(record), filled)
        unsafe record.storeBytes(of: checksum.littleEndian, as: UInt32.self)
    }

    /// The complete record as a log entry.
    ///
    /// - Parameter isInHeap: the record is already in the heap, and the entry only refers to it.
    func entry(_ id: ArticleID, _ location: HeapLocation, isInHeap: Bool) -> UnsafeRawBufferPointer {
        if let start = unsafe bytes.baseAddress {
            unsafe LogEntry.encode(
                id, kind == .put ? .article : .deletion, location, checksum: RecordChecksum.stored(record),
                isInHeap: isInHeap, to: start)
        }
        let size = isInHeap ? LogEntry.size : unsafe LogEntry.size + record.count
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[..<size])
    }

    private func part(_ offset: Int, _ size: Int) -> UnsafeRawBufferPointer {
        let start = LogEntry.size + offset
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// A verified record within the file. It is valid as long as the bytes that it was made from.
@safe
struct RecordView {
    let id: ArticleID
    let header: RecordHeader
    private let bytes: UnsafeRawBufferPointer

    /// The record that a value of the table of records refers to. Throws `dataLoss` if it is damaged.
    init(_ id: ArticleID, _ value: UnsafeRawBufferPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        guard let bytes = unsafe environment.record(value) else { throw Self.damaged(id, environment) }
        unsafe try self.init(id, record: bytes, in: environment)
    }

    /// The same for the bytes of the record, which can be read.
    init(_ id: ArticleID, record bytes: UnsafeRawBufferPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        guard let header = unsafe RecordChecksum.header(bytes), header.id == id, header.kind == .article else {
            throw Self.damaged(id, environment)
        }
        self.id = id
        self.header = header
        unsafe self.bytes = bytes
    }

    /// The same for a record that was verified when it was found, and may have been damaged since.
    init(_ id: ArticleID, at start: UnsafeRawPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        let head = unsafe UnsafeRawBufferPointer(start: start, count: RecordHeader.size)
        guard unsafe environment.allows(head) else { throw Self.damaged(id, environment) }
        guard let header = unsafe RecordHeader(decoding: head) else { throw Self.damaged(id, environment) }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: header.recordSize)
        guard unsafe environment.allows(bytes) else { throw Self.damaged(id, environment) }
        unsafe try self.init(id, record: bytes, in: environment)
    }

    /// The same; `nil` if the record is damaged.
    init?(ifReadable id: ArticleID, _ value: UnsafeRawBufferPointer, in environment: LMDBEnvironment) {
        do throws(ServiceError) {
            unsafe try self.init(id, value, in: environment)
        } catch {
            return nil
        }
    }

    /// Where the record begins.
    var start: UnsafeRawPointer? { unsafe bytes.baseAddress }
    /// The alternate key; empty if it has none.
    var key: UnsafeRawBufferPointer { unsafe part(RecordHeader.size, Int(header.keySize)) }
    /// The terms, each preceded by its length.
    var terms: UnsafeRawBufferPointer { unsafe part(RecordHeader.size + Int(header.keySize), Int(header.termsSize)) }
    /// The stored content.
    var content: UnsafeRawBufferPointer { unsafe part(header.contentOffset, Int(header.contentSize)) }

    /// Whether the record has a term.
    func has(_ term: UnsafeRawBufferPointer) -> Bool {
        var isFound = false
        unsafe PackedTerms.forEach(unsafe terms) { if unsafe Memory.equal($0, term) { isFound = true } }
        return isFound
    }

    /// Lends it to a caller of the storage.
    func lend<Result>(_ body: (borrowing StoredRecord) -> Result) -> Result {
        let record = unsafe StoredRecord(
            id: id, revision: header.revision, createdAt: header.createdAt, storedAt: header.storedAt,
            time: header.time, contentChecksum: header.contentChecksum, content: RawSpan(_unsafeBytes: content),
            key: RawSpan(_unsafeBytes: key))
        return body(record)
    }

    private func part(_ offset: Int, _ size: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size])
    }

    private static func damaged(_ id: ArticleID, _ environment: LMDBEnvironment) -> ServiceError {
        ServiceError(
            .dataLoss,
            "the article \(id) in \(environment.path) is damaged: restore it from a backup, or store it again"
        )
    }
}

/// The terms of a record: each preceded by its length in one byte.
enum PackedTerms {
    /// Calls `body` with each term. A length beyond the end ends the list.
    static func forEach(_ terms: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var offset = 0
        while offset < terms.count {
            let end = offset + 1 + Int(unsafe terms[offset])
            guard end <= terms.count else { return }
            unsafe body(UnsafeRawBufferPointer(rebasing: terms[offset + 1..<end]))
            offset = end
        }
    }

    /// Whether both have the same terms, in any order. Neither contains duplicates.
    static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        if unsafe Memory.equal(a, b) { return true }
        guard a.count == b.count else { return false }
        var missing = false
        unsafe forEach(a) { term in
            var isFound = false
            unsafe forEach(b) { if unsafe Memory.equal($0, term) { isFound = true } }
            if !isFound { missing = true }
        }
        return !missing
    }
}

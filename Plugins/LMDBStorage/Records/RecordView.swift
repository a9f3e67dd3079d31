internal import ArticleProtocol
internal import HandlerKit

/// A record as it lies in the file, checked; it lives as long as what it was made of.
@safe
struct RecordView {
    let id: ArticleID
    let header: RecordHeader
    private let bytes: UnsafeRawBufferPointer

    /// Finds what a value in the table of records stands for, checks and reads it. Throws `dataLoss` if it is damaged.
    init(_ id: ArticleID, _ value: UnsafeRawBufferPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        guard let bytes = unsafe environment.record(value) else { throw Self.damaged(id, environment) }
        unsafe try self.init(id, record: bytes, in: environment)
    }

    /// The same for the record itself, which can be read.
    init(_ id: ArticleID, record bytes: UnsafeRawBufferPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        guard let header = unsafe RecordChecksum.header(bytes), header.id == id, header.kind == .article else {
            throw Self.damaged(id, environment)
        }
        self.id = id
        self.header = header
        unsafe self.bytes = bytes
    }

    /// The same for a record that was checked when it was found, and may have been damaged since.
    init(_ id: ArticleID, at start: UnsafeRawPointer, in environment: LMDBEnvironment) throws(ServiceError) {
        let head = unsafe UnsafeRawBufferPointer(start: start, count: RecordHeader.size)
        guard unsafe environment.allows(head) else { throw Self.damaged(id, environment) }
        guard let header = unsafe RecordHeader(decoding: head) else { throw Self.damaged(id, environment) }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: header.recordSize)
        guard unsafe environment.allows(bytes) else { throw Self.damaged(id, environment) }
        unsafe try self.init(id, record: bytes, in: environment)
    }

    /// The same; nil if it is damaged.
    init?(ifReadable id: ArticleID, _ value: UnsafeRawBufferPointer, in environment: LMDBEnvironment) {
        do throws(ServiceError) {
            unsafe try self.init(id, value, in: environment)
        } catch {
            return nil
        }
    }

    /// Where it begins.
    var start: UnsafeRawPointer? { unsafe bytes.baseAddress }
    /// The alternate key; empty if it has none.
    var key: UnsafeRawBufferPointer { unsafe part(RecordHeader.size, Int(header.keySize)) }
    /// The terms, each behind its length.
    var terms: UnsafeRawBufferPointer { unsafe part(RecordHeader.size + Int(header.keySize), Int(header.termsSize)) }
    /// What was stored.
    var content: UnsafeRawBufferPointer { unsafe part(header.contentOffset, Int(header.contentSize)) }

    /// Whether the record is found under a term.
    func has(_ term: UnsafeRawBufferPointer) -> Bool {
        var isFound = false
        unsafe PackedTerms.forEach(unsafe terms) { if unsafe Memory.equal($0, term) { isFound = true } }
        return isFound
    }

    /// Lends it to the storage's caller.
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

/// Terms as they lie in a record: each behind its length, one byte.
enum PackedTerms {
    /// Calls `body` with each; a length that points behind the end ends the list.
    static func forEach(_ terms: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var offset = 0
        while offset < terms.count {
            let end = offset + 1 + Int(unsafe terms[offset])
            guard end <= terms.count else { return }
            unsafe body(UnsafeRawBufferPointer(rebasing: terms[offset + 1..<end]))
            offset = end
        }
    }

    /// Whether both have the same terms, in whatever order. Neither has one twice.
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

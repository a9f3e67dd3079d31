// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

extension StoredRecord {
    /// Calls `body` with a record in the C form.
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

    /// Calls `body` with the C form of the record.
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

extension StorageQuery {
    /// Calls `body` with the C form of the query.
    func withC<Result>(_ body: (UnsafePointer<articled_query>) -> Result) -> Result {
        unsafe terms.withC { terms, count in
            var query = unsafe articled_query()
            unsafe query.size = UInt32(MemoryLayout<articled_query>.size)
            unsafe query.terms = UnsafePointer(terms)
            unsafe query.term_count = count
            unsafe query.from = from ?? .min
            unsafe query.until = until ?? .max
            unsafe query.most = UInt64(clamping: limit)
            if let after {
                unsafe query.after_valid = 1
                unsafe query.after_time = after.time
                unsafe after.id.withBytes { id in
                    unsafe withUnsafeMutableBytes(of: &query.after_id) {
                        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: id, count: 16))
                    }
                }
            }
            return unsafe body(&query)
        }
    }

    /// A query in the C form. Throws if no record could match it.
    init(_ query: UnsafePointer<articled_query>) throws(ServiceError) {
        let query = try unsafe AuthoredStructure.copy(query, "a query", least: LeastSize.query)
        let terms = try unsafe TermList(query.terms, query.term_count)
        guard terms.count <= Self.termLimit else {
            throw ServiceError(
                .invalidArgument, "a query has \(terms.count) terms; at most \(Self.termLimit) are allowed")
        }
        var after: Position?
        if unsafe query.after_valid != 0 {
            let id = unsafe withUnsafeBytes(of: query.after_id) { unsafe ArticleID(at: $0.baseAddress!) }
            after = unsafe Position(time: query.after_time, id: id)
        }
        unsafe self.init(
            terms: terms, from: query.from == .min ? nil : query.from, until: query.until == .max ? nil : query.until,
            after: after, limit: Int(clamping: query.most))
    }
}

extension TermList {
    /// Calls `body` with the C form of the terms, on the stack.
    func withC<Result>(_ body: (UnsafeMutablePointer<articled_bytes>?, Int) -> Result) -> Result {
        unsafe withUnsafeTemporaryAllocation(of: articled_bytes.self, capacity: Self.limit) { parts in
            unsafe withPackedBytes { packed in
                var index = 0
                var offset = 0
                while offset < packed.count {
                    let size = Int(unsafe packed[offset])
                    unsafe parts.initializeElement(
                        at: index,
                        to: articled_bytes(UnsafeRawBufferPointer(rebasing: packed[(offset + 1)..<(offset + 1 + size)]))
                    )
                    index += 1
                    offset += 1 + size
                }
                return unsafe body(parts.baseAddress, index)
            }
        }
    }

    /// Terms in the C form. Throws unless all of them are valid.
    init(_ terms: UnsafePointer<articled_bytes>?, _ count: Int) throws(ServiceError) {
        self.init()
        guard count > 0 else { return }
        guard let terms = unsafe terms, count <= Self.limit else {
            throw ServiceError(.invalidArgument, "\(count) terms; at most \(Self.limit) are allowed")
        }
        for index in 0..<count {
            let term = unsafe terms[index].buffer
            guard append("", unsafe RawSpan(_unsafeBytes: term)) else {
                throw ServiceError(.invalidArgument, "a term of \(term.count) bytes; 1 to \(Self.longest) are allowed")
            }
        }
    }
}

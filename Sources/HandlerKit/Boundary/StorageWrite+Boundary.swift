// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

extension StorageWrite {
    /// Calls `body` with the C form of the write.
    func withC(_ body: (UnsafePointer<articled_write>) -> Void) {
        unsafe terms.withC { terms, count in
            unsafe content.withUnsafeBytes { content in
                unsafe key.withUnsafeBytes { key in
                    var write = unsafe articled_write()
                    unsafe write.size = UInt32(MemoryLayout<articled_write>.size)
                    unsafe write.kind = kind.rawValue
                    unsafe write.content_crc32c = contentChecksum
                    // The greatest number means any revision. No record ever reaches it or the one below.
                    unsafe write.expected_revision = expectedRevision.map { min($0, .max - 1) } ?? .max
                    unsafe write.time = time ?? .min
                    unsafe write.content = articled_bytes(content)
                    unsafe write.key = articled_bytes(key)
                    unsafe write.created_at = createdAt ?? 0
                    unsafe write.terms = UnsafePointer(terms)
                    unsafe write.term_count = count
                    let named: ArticleID
                    switch target {
                    case .id(let id):
                        unsafe write.flags = UInt32(ARTICLED_WRITE_BY_ID)
                        named = id
                    case .key(let new):
                        named = new
                    }
                    unsafe named.withBytes { id in
                        unsafe withUnsafeMutableBytes(of: &write.id) {
                            unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: id, count: 16))
                        }
                    }
                    unsafe formerKey.withUnsafeBytes { former in
                        unsafe write.former_key = articled_bytes(former)
                        unsafe body(&write)
                    }
                }
            }
        }
    }

    /// Calls `body` with a write in the C form. Throws if it is invalid.
    static func with(
        _ write: UnsafePointer<articled_write>, _ body: (borrowing StorageWrite) -> Void
    ) throws(ServiceError) {
        let write = try unsafe AuthoredStructure.copy(write, "a write", least: LeastSize.write)
        let id = unsafe withUnsafeBytes(of: write.id) { unsafe ArticleID(at: $0.baseAddress!) }
        let isByID = unsafe write.flags & UInt32(ARTICLED_WRITE_BY_ID) != 0
        let expected = unsafe write.expected_revision == .max ? nil : write.expected_revision
        let keyBytes = unsafe write.key.buffer
        let key = unsafe RawSpan(_unsafeBytes: keyBytes)
        let formerBytes = unsafe write.former_key.buffer
        let former = unsafe RawSpan(_unsafeBytes: formerBytes)
        switch Kind(rawValue: unsafe write.kind) {
        case .put:
            let terms = try unsafe TermList(write.terms, write.term_count)
            let contentBytes = unsafe write.content.buffer
            body(
                unsafe StorageWrite(
                    put: isByID ? .id(id) : .key(new: id), key: key, formerKey: former, expectedRevision: expected,
                    time: write.time == .min ? nil : write.time,
                    createdAt: write.created_at == 0 ? nil : write.created_at,
                    content: RawSpan(_unsafeBytes: contentBytes), contentChecksum: write.content_crc32c, terms: terms))
        case .delete:
            if isByID {
                body(StorageWrite(delete: id, expectedRevision: expected))
            } else {
                body(StorageWrite(deleteKey: key, formerKey: former, expectedRevision: expected))
            }
        case nil:
            throw ServiceError(.unimplemented, "a write of the unknown kind \(unsafe write.kind)")
        }
    }
}

extension WriteResult {
    /// A result as an engine returns it.
    init(_ written: articled_written) {
        let outcome: Outcome =
            switch Int(unsafe written.outcome) {
            case ARTICLED_CREATED: .created
            case ARTICLED_UPDATED: .updated
            case ARTICLED_UNCHANGED: .unchanged
            case ARTICLED_DELETED: .deleted
            default:
                .refused(
                    ServiceError(
                        StatusCode(rawValue: unsafe written.code).flatMap { $0 == .ok ? nil : $0 } ?? .internal,
                        unsafe String(written.message)))
            }
        let id = unsafe withUnsafeBytes(of: written.id) { unsafe ArticleID(at: $0.baseAddress!) }
        unsafe self.init(
            outcome, id: id, revision: written.revision, createdAt: written.created_at, storedAt: written.stored_at)
    }

    /// Calls `body` with the C form of the result.
    func withC(_ body: (UnsafePointer<articled_written>) -> Void) {
        guard case .refused(let error) = outcome else {
            return unsafe withUnsafePointer(to: written(articled_bytes(), 0), body)
        }
        var message = error.message
        message.withUTF8 { text in
            unsafe withUnsafePointer(
                to: written(articled_bytes(UnsafeRawBufferPointer(text)), error.code.rawValue), body)
        }
    }

    /// Calls `body` with the C form of the results.
    static func withC(
        _ results: [WriteResult], _ body: (UnsafePointer<UnsafePointer<articled_written>?>?, Int) -> Void
    ) {
        // All texts in one block of memory.
        var texts: [UInt8] = []
        let ends = results.map { result in
            if case .refused(let error) = result.outcome { texts.append(contentsOf: error.message.utf8) }
            return texts.count
        }
        unsafe texts.withUnsafeBytes { texts in
            var start = 0
            var written = unsafe zip(results, ends).map { result, end in
                defer { start = end }
                let text = unsafe articled_bytes(UnsafeRawBufferPointer(rebasing: texts[start..<end]))
                guard case .refused(let error) = result.outcome else {
                    return unsafe result.written(articled_bytes(), 0)
                }
                return unsafe result.written(text, error.code.rawValue)
            }
            unsafe written.withUnsafeMutableBufferPointer { written in
                var pointers: [UnsafePointer<articled_written>?] = unsafe written.indices.map { index in
                    unsafe written.baseAddress.map { unsafe UnsafePointer($0 + index) }
                }
                unsafe pointers.withUnsafeMutableBufferPointer {
                    unsafe body(UnsafePointer($0.baseAddress), results.count)
                }
            }
        }
    }

    private func written(_ message: articled_bytes, _ code: UInt32) -> articled_written {
        var written = unsafe articled_written()
        unsafe written.size = UInt32(MemoryLayout<articled_written>.size)
        unsafe written.outcome = number
        unsafe written.code = code
        unsafe id.withBytes { id in
            unsafe withUnsafeMutableBytes(of: &written.id) {
                unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: id, count: 16))
            }
        }
        unsafe written.revision = revision
        unsafe written.created_at = createdAt
        unsafe written.stored_at = storedAt
        unsafe written.message = message
        return unsafe written
    }

    private var number: UInt32 {
        switch outcome {
        case .created: UInt32(ARTICLED_CREATED)
        case .updated: UInt32(ARTICLED_UPDATED)
        case .unchanged: UInt32(ARTICLED_UNCHANGED)
        case .deleted: UInt32(ARTICLED_DELETED)
        case .refused: UInt32(ARTICLED_REFUSED)
        }
    }
}

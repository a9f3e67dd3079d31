internal import ArticleProtocol
internal import CPluginABI

extension WriteResult {
    /// What an engine tells.
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

    /// Calls `body` with the result in the C form.
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

    /// Calls `body` with the results in the C form.
    static func withC(_ results: [WriteResult], _ body: (UnsafePointer<articled_written>?, Int) -> Void) {
        unsafe withUnsafeTemporaryAllocation(of: articled_written.self, capacity: max(1, results.count)) { written in
            unsafe fill(written, results[...]) { unsafe body(UnsafePointer(written.baseAddress), results.count) }
        }
    }

    /// Fills one result after the other, each inside the lifetime of the texts before it.
    private static func fill(
        _ written: UnsafeMutableBufferPointer<articled_written>, _ rest: ArraySlice<WriteResult>, _ body: () -> Void
    ) {
        guard let result = rest.first else { return body() }
        unsafe result.withC {
            unsafe written.initializeElement(at: rest.startIndex, to: $0.pointee)
            unsafe fill(written, rest.dropFirst(), body)
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

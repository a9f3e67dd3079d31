internal import ArticleProtocol
internal import CPluginABI

extension StorageQuery {
    /// Calls `body` with the query in the C form.
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

    /// What another side asks for. Throws if it asks for what no record can have.
    init(_ query: articled_query) throws(ServiceError) {
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

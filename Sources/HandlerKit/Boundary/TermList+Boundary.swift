internal import ArticleProtocol
internal import CPluginABI

extension TermList {
    /// Calls `body` with the terms in the C form, on the stack.
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

    /// The terms that another side gives, all of which must be good.
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

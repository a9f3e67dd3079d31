extension ArticleTrailer {
    /// Lends the encoded fields, which lie on the stack.
    ///
    /// Inlined: unspecialised, it would take a fifth of a fetch.
    @inlinable
    public func withEncoded<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 8) {
            memory throws(Failure) in
            let size = unsafe encode(to: memory.baseAddress!)
            let encoded = unsafe UnsafeRawBufferPointer(rebasing: memory[..<size])
            return try body(unsafe RawSpan(_unsafeBytes: encoded))
        }
    }
}

internal import ArticleProtocol

extension ArticleID {
    /// Reads the 16 bytes at `pointer`.
    init(at pointer: UnsafeRawPointer) {
        unsafe self.init(
            high: UInt64(bigEndian: pointer.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Lends the 16 bytes.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
            unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            return unsafe body(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
    }
}

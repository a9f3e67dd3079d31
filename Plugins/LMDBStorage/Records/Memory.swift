internal import Glibc
internal import HandlerKit

/// Bytes compared and lent.
enum Memory {
    /// Whether both have the same bytes.
    static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return unsafe memcmp(first, second, a.count) == 0
    }
}

extension [UInt8] {
    /// Lends the bytes; as `withUnsafeBytes`, but keeps the type of what `body` throws.
    func lend<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe rawSpan.withUnsafeBytes(body)
    }
}

/// Exact terms that a record is found under, in one piece of memory: no duplicates, at most 64, each 1 to 255 bytes.
public struct TermList: Sendable, Equatable {
    /// How many terms a record may have.
    public static let limit = 64
    /// How long a term may be, in bytes.
    public static let longest = 255

    /// Each term behind its length, a byte.
    private var bytes: [UInt8] = []
    /// How many there are.
    public private(set) var count = 0

    /// No terms.
    public init() {}

    /// Adds a term made of `prefix` and `text`. One that is there already is not added again.
    ///
    /// - Returns: `false` if the term is empty or too long, or there are too many: nothing is added then.
    @discardableResult
    public mutating func append(_ prefix: StaticString = "", _ text: RawSpan) -> Bool {
        let size = prefix.utf8CodeUnitCount + text.byteCount
        guard count < Self.limit, size > 0, let length = UInt8(exactly: size) else { return false }
        let start = bytes.count
        bytes.reserveCapacity(start + 1 + size)
        bytes.append(length)
        prefix.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        if isRepeated(from: start) {
            bytes.removeSubrange(start...)
        } else {
            count += 1
        }
        return true
    }

    /// Calls `body` with each term, in the order in which they were added.
    public func forEach<Failure: Error>(_ body: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        let all = bytes.rawSpan
        var offset = 0
        while offset < bytes.count {
            let end = offset + 1 + Int(bytes[offset])
            try body(all.extracting(offset + 1..<end))
            offset = end
        }
    }

    /// Lends the terms as they lie in memory: each behind its length.
    package func withPackedBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { unsafe body($0) }
    }

    /// Whether the term that begins at `start` stands before it as well.
    private func isRepeated(from start: Int) -> Bool {
        let size = bytes.count - start
        var offset = 0
        while offset < start {
            let next = offset + 1 + Int(bytes[offset])
            if next - offset == size, bytes[offset..<next] == bytes[start...] { return true }
            offset = next
        }
        return false
    }
}

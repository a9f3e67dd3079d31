// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import HandlerKit

/// Compares memory.
enum Memory {
    /// Whether both have the same bytes.
    static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return unsafe memcmp(first, second, a.count) == 0
    }
}

extension [UInt8] {
    /// Lends the bytes, like `withUnsafeBytes`, but with typed throws.
    func lend<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe rawSpan.withUnsafeBytes(body)
    }
}

/// Little-endian integers within the bytes of a file. The caller has checked that there are enough bytes.
extension [UInt8] {
    /// The integer at an offset.
    func integer<Value: FixedWidthInteger>(at offset: Int) -> Value {
        var value: Value = 0
        for index in (0..<MemoryLayout<Value>.size).reversed() { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    /// Writes an integer at an offset.
    mutating func set<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        for index in 0..<MemoryLayout<Value>.size {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Value(8 * index))
        }
    }
}

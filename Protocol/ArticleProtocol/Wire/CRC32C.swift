// SPDX-License-Identifier: Apache-2.0
internal import CISAL

/// CRC-32C (Castagnoli; RFC 3720, section 12.1), computed by ISA-L.
public enum CRC32C {
    /// The checksum of `bytes`. With `continuing`, the checksum of earlier bytes followed by `bytes`.
    ///
    /// `checksum(b, continuing: checksum(a))` is the checksum of a and b together. The checksum of no bytes is 0.
    public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing: UInt32 = 0) -> UInt32 {
        guard var base = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return continuing }
        var state = ~continuing
        var left = bytes.count
        while left > 0 {
            // The library takes an `int`, and does not write through the pointer.
            let step = min(left, 1 << 30)
            state = unsafe crc32_iscsi(UnsafeMutablePointer(mutating: base), Int32(step), state)
            unsafe base += step
            left -= step
        }
        return ~state
    }

    /// The checksum of a span.
    public static func checksum(_ bytes: RawSpan, continuing: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0, continuing: continuing) }
    }

    /// The checksum of an array.
    public static func checksum(_ bytes: [UInt8], continuing: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0, continuing: continuing) }
    }
}

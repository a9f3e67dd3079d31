import CISAL

/// CRC-32C (RFC 3720, appendix B.4) by the processor's own instruction.
enum Checksum {
    static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state: UInt32 = 0xffff_ffff
        var offset = 0
        // The library takes a size of 31 bits; it only reads, whatever its signature says.
        let step = 1 << 30
        while offset < bytes.count {
            let size = min(step, bytes.count - offset)
            let part = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress! + offset)
            state = unsafe crc32_iscsi(part.assumingMemoryBound(to: UInt8.self), Int32(size), state)
            offset += size
        }
        return ~state
    }
}

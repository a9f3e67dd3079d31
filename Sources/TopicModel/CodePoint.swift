/// Reads code points from UTF-8 that may be damaged.
enum CodePoint {
    /// One code point of two to four bytes at `position`. What is no UTF-8 reads as U+FFFD of one byte.
    @inline(__always)
    static func decode(_ bytes: UnsafePointer<UInt8>, at position: Int, size: Int) -> (UInt32, Int) {
        // Each index is below `size`: checked before it is read.
        let first = unsafe UInt32(bytes[position])
        if first >= 0xc2, first < 0xe0, position + 1 < size {
            let second = unsafe UInt32(bytes[position + 1])
            if second & 0xc0 == 0x80 { return ((first & 0x1f) << 6 | second & 0x3f, 2) }
        } else if first >= 0xe0, first < 0xf0, position + 2 < size {
            let second = unsafe UInt32(bytes[position + 1])
            let third = unsafe UInt32(bytes[position + 2])
            let codePoint = (first & 0x0f) << 12 | (second & 0x3f) << 6 | third & 0x3f
            if second & 0xc0 == 0x80, third & 0xc0 == 0x80, codePoint >= 0x800, codePoint & 0xf800 != 0xd800 {
                return (codePoint, 3)
            }
        } else if first >= 0xf0, first < 0xf5, position + 3 < size {
            let second = unsafe UInt32(bytes[position + 1])
            let third = unsafe UInt32(bytes[position + 2])
            let fourth = unsafe UInt32(bytes[position + 3])
            let high = (first & 0x07) << 18 | (second & 0x3f) << 12
            let codePoint = high | (third & 0x3f) << 6 | fourth & 0x3f
            if second & 0xc0 == 0x80, third & 0xc0 == 0x80, fourth & 0xc0 == 0x80,
                (0x10000...0x10ffff).contains(codePoint)
            {
                return (codePoint, 4)
            }
        }
        return (0xfffd, 1)
    }
}

/// An HTML character reference: left over in text that was cut from a page.
struct Entity {
    /// The character, or its base letter.
    let codePoint: UInt32
    /// The combining mark of a named letter: `&agrave;` is a and U+0300.
    let mark: UInt32?
    /// Bytes that it takes in the text, with `&` and `;`.
    let size: Int

    /// Reads the reference that begins at `position`, where `&` stands; nil if it is none. At most 12 bytes are looked at.
    @inline(never)
    init?(at position: Int, in bytes: UnsafePointer<UInt8>, size: Int) {
        let limit = min(size, position + 12)
        var end = position + 1
        // Indices stay below `limit`, which is at most `size`.
        while end < limit, unsafe bytes[end] != 0x3b { end += 1 }
        guard end < limit, end > position + 2 else { return nil }
        let name = unsafe UnsafeBufferPointer(start: bytes + position + 1, count: end - position - 1)
        self.size = end - position + 1
        if unsafe name[0] == 0x23 {
            let isHexadecimal = unsafe name[1] | 0x20 == 0x78
            let digits = unsafe name.dropFirst(isHexadecimal ? 2 : 1)
            guard let text = unsafe String(validating: digits, as: UTF8.self),
                let value = UInt32(text, radix: isHexadecimal ? 16 : 10), value <= 0x10ffff
            else { return nil }
            codePoint = value
            mark = nil
            return
        }
        guard let text = unsafe String(validating: name, as: UTF8.self),
            text.utf8.allSatisfy({ (0x61...0x7a).contains($0 | 0x20) })
        else { return nil }
        let first = unsafe UInt32(name[0])
        switch text.dropFirst() {
        case "grave": mark = 0x300
        case "acute": mark = 0x301
        case "circ": mark = 0x302
        case "tilde": mark = 0x303
        default:
            // Any other name (&nbsp; &quot; &amp;) is a character between words.
            codePoint = 0x20
            mark = nil
            return
        }
        codePoint = first
    }

    /// Where the tag that begins at `position` with `<` ends: the place of its `>`. Nil if this is no tag.
    @inline(never)
    static func endOfTag(at position: Int, in bytes: UnsafePointer<UInt8>, size: Int) -> Int? {
        let limit = min(size, position + 512)
        guard position + 1 < limit else { return nil }
        // Indices stay below `limit`, which is at most `size`.
        let next = unsafe bytes[position + 1]
        guard (0x61...0x7a).contains(next | 0x20) || next == 0x2f || next == 0x21 else { return nil }
        var end = position + 1
        while end < limit {
            if unsafe bytes[end] == 0x3e { return end }
            if unsafe bytes[end] == 0x3c { return nil }
            end += 1
        }
        return nil
    }
}

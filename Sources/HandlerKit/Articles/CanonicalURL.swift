internal import ArticleProtocol

/// What an article's URL must be to serve as its second name. See PROTOCOL.md, "Articles".
///
/// URLs are compared byte for byte: which of several spellings is the canonical one, its writer decides.
enum CanonicalURL {
    /// Throws unless it is absolute (a scheme, a colon and more; RFC 3986, section 3.1) and free of blanks and control characters.
    static func check(_ url: RawSpan) throws(ServiceError) {
        var scheme = 0
        for offset in 0..<url.byteCount {
            let byte = url.byte(offset)
            guard byte > 0x20, byte != 0x7f else {
                throw ServiceError(.invalidArgument, "url: a blank or control character at byte \(offset)")
            }
            if scheme == offset, isInScheme(byte, first: offset == 0) { scheme += 1 }
        }
        guard scheme > 0, scheme + 1 < url.byteCount, url.byte(scheme) == UInt8(ascii: ":") else {
            throw ServiceError(.invalidArgument, "url: it is not absolute: it must begin with a scheme, as in https://")
        }
    }

    private static func isInScheme(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): !first
        default: false
        }
    }
}

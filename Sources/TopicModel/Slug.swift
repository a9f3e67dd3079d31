/// The stable names of topics: `[a-z0-9-]`, 1 to 63 bytes.
public enum Slug {
    /// Whether `text` may be a slug.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }

    /// The slug of a name: "Chính trị - Xã hội" gives `chinh-tri-xa-hoi`. Empty if the name has no Latin letter or digit.
    public static func make(_ name: String) -> String {
        var slug: [UInt8] = []
        for scalar in name.unicodeScalars {
            if let digit = UInt8(exactly: scalar.value), (0x30...0x39).contains(digit) {
                slug.append(digit)
                continue
            }
            let letter = Letter(describing: scalar.value)
            if letter.kind == Letter.Kind.letter.rawValue, (0x61...0x7a).contains(letter.base) {
                slug.append(UInt8(letter.base))
            } else if letter.kind == Letter.Kind.other.rawValue, slug.last != 0x2d, !slug.isEmpty {
                slug.append(0x2d)
            }
        }
        while slug.last == 0x2d || slug.count > 63 { slug.removeLast() }
        return String(decoding: slug, as: UTF8.self)
    }
}

/// Text from articles, files and peers as it may be shown on a terminal: nothing in it can move the cursor, set the title,
/// colour the screen or turn the direction of writing around.
enum Sanitised {
    /// The text with each control character replaced: ESC by "␛" and so on. Line feeds are kept if asked, tabs become spaces.
    static func text(_ text: some StringProtocol, keepingLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return String(text) }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a where keepingLines: clean.append(scalar)
            case 0x09, 0x0a, 0x0d, 0x0b, 0x0c, 0x85, 0x2028, 0x2029: clean.append(" ")
            // The symbol for the control.
            case 0..<0x20: clean.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{fffd}")
            case 0x7f: clean.append("\u{2421}")
            default: clean.append(isUnsafe(scalar) ? "\u{fffd}" : scalar)
            }
        }
        return String(clean)
    }

    /// C0, DEL, C1, line and paragraph separators, and the marks that embed or override a direction.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}

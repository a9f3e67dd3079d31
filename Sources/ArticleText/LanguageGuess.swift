// SPDX-License-Identifier: Apache-2.0
/// Detects the language of a text, if its letters leave no doubt.
enum LanguageGuess {
    /// - Returns: "vi", "en", or an empty string if it is unclear.
    static func language(of text: some StringProtocol) -> String {
        var letters = 0
        var vietnamese = 0
        for scalar in text.unicodeScalars {
            guard scalar.properties.isAlphabetic else {
                if isVietnameseMark(scalar) { vietnamese += 1 }
                continue
            }
            letters += 1
            if isVietnamese(scalar) { vietnamese += 1 }
        }
        guard letters > 0 else { return "" }
        if vietnamese * 25 >= letters { return "vi" }
        guard vietnamese == 0 else { return "" }
        let words = text.lowercased().split { !$0.isLetter }
        let english = words.count { ["the", "of", "and", "to", "in", "is", "was", "that", "for", "with"].contains($0) }
        return words.count >= 8 && english * 8 >= words.count ? "en" : ""
    }

    /// Letters that are typical of Vietnamese among the languages in Latin script, in NFC.
    private static func isVietnamese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0102, 0x0103, 0x0110, 0x0111, 0x01a0, 0x01a1, 0x01af, 0x01b0, 0x1ea0...0x1ef9: true
        default: false
        }
    }

    /// In NFD: horn, hook above, dot below; breve.
    private static func isVietnameseMark(_ scalar: Unicode.Scalar) -> Bool {
        [0x0306, 0x0309, 0x031b, 0x0323].contains(scalar.value)
    }
}

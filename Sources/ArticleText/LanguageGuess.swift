// SPDX-License-Identifier: Apache-2.0
import TopicModel

/// Detects the language of a text, if it leaves no doubt.
enum LanguageGuess {
    /// - Returns: "vi", "en", or an empty string if it is unclear.
    static func language(of text: some StringProtocol) -> String {
        // Texts without any mark are often names, numbers and codes. The topic model detects their language when it reads
        // them; what is stored with an article must be certain.
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return isEnglish(text) ? "en" : "" }
        let detected = Language(of: String(text))
        if detected.tag == "vi", detected.confidence >= 0.95 { return "vi" }
        return detected.tag == "en" && isEnglish(text) ? "en" : ""
    }

    private static func isEnglish(_ text: some StringProtocol) -> Bool {
        let words = text.lowercased().split { !$0.isLetter }
        let english = words.count { ["the", "of", "and", "to", "in", "is", "was", "that", "for", "with"].contains($0) }
        return words.count >= 8 && english * 8 >= words.count
    }
}

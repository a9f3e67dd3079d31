/// The beginning of an article's first paragraph that names who reports: "(Mic.gov.vn) - ", "Hà Nội (TTXVN) – ".
///
/// It stays in the body; what is read off is the source.
enum Dateline {
    /// - Parameter beginning: of a paragraph; 400 bytes are enough.
    /// - Returns: the source, in the text's own spelling; nil if there is no dateline that names one.
    static func source(in beginning: some StringProtocol) -> String? {
        let text = beginning.trimmed
        guard let first = text.first else { return nil }
        if let closing = brackets[first] {
            return bracketed(text.dropFirst(), closing, afterPlace: false)
        }
        if let open = text.firstIndex(where: { brackets[$0] != nil }), isPlace(text[..<open]),
            let closing = brackets[text[open]]
        {
            return bracketed(text[text.index(after: open)...], closing, afterPlace: true)
        }
        return bare(text)
    }

    private static let brackets: [Character: Character] = ["(": ")", "[": "]", "（": "）", "【": "】"]

    /// - Parameter text: behind the opening bracket.
    private static func bracketed(_ text: some StringProtocol, _ closing: Character, afterPlace: Bool) -> String? {
        guard let close = text.prefix(80).firstIndex(of: closing) else { return nil }
        guard let name = name(text[..<close]) else { return nil }
        let rest = text[text.index(after: close)...].drop(while: \.isWhitespace)
        guard let next = rest.first else { return nil }
        if next.isDash || next == ":" { return name }
        // Without a dash only a name that cannot be anything else, before the beginning of a sentence.
        guard !afterPlace, name.isDomain || name.isAcronym || Outlets.isKnown(name) else { return nil }
        return next.isUppercase || "\"“‘".contains(next) ? name : nil
    }

    /// "TTXVN - ", "Mic.gov.vn – ": without brackets only a domain or a name that is known.
    private static func bare(_ text: some StringProtocol) -> String? {
        guard let dash = text.prefix(40).firstIndex(where: \.isDash) else { return nil }
        let name = text[..<dash].trimmed
        let rest = text[text.index(after: dash)...]
        guard let next = rest.first, next.isWhitespace || next.isUppercase else { return nil }
        return name.isDomain || Outlets.isKnown(name) ? String(name) : nil
    }

    /// "Hà Nội", "TP.HCM, 12/3", "Cần Thơ ngày 5-6-2009": what may stand before the bracket.
    private static func isPlace(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count <= 120 else { return false }
        let words = text.split { $0.isWhitespace || $0 == "," }
        guard (1...7).contains(words.count), words[0].beginsUppercase else { return false }
        return words.allSatisfy { word in
            word.beginsUppercase || isDate(word) || ["ngày", "tháng", "năm", "-", "–"].contains(word.lowercased())
        }
    }

    /// What stands in the brackets, if it can be the name of a source.
    static func name(_ inner: some StringProtocol) -> String? {
        var name = String(inner.trimmed)
        for prefix in ["theo ", "nguồn:", "nguồn "] where name.lowercased().hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count).trimmed)
        }
        name = withoutDate(name)
        guard (2...60).contains(name.count), name.split(separator: " ").count <= 7 else { return nil }
        guard name.contains(where: \.isLetter), let last = name.last, !".,;:!?".contains(last) else { return nil }
        guard name.isDomain || Outlets.isKnown(name) || name.beginsUppercase else { return nil }
        return notSources.contains {
            $0 == name.lowercased() || name.lowercased().hasPrefix($0 + " ") || name.lowercased().hasPrefix($0 + ":")
        }
            ? nil : name
    }

    /// Remarks that stand in brackets at the same place.
    private static let notSources = [
        "ảnh", "hình", "hình ảnh", "ảnh minh họa", "minh họa", "xem", "tiếp theo", "tiếp", "kỳ", "phần", "bài", "tập",
        "trái", "phải",
        "video", "clip", "cập nhật", "còn tiếp", "còn nữa", "đọc", "nghe", "bìa", "số",
    ]

    /// "Mic.gov.vn, 15/6/2009" and "TTXVN 15/6" without the date.
    private static func withoutDate(_ name: String) -> String {
        let words = name.split { $0.isWhitespace }
        guard words.count > 1, let last = words.last, isDate(last) else { return name }
        var rest = name[..<last.startIndex].trimmed
        while let end = rest.last, end == "," || end.isDash || end == ";" { rest = rest.dropLast().trimmed }
        if rest.lowercased().hasSuffix(" ngày") { rest = rest.dropLast(5).trimmed }
        return String(rest)
    }

    private static func isDate(_ word: some StringProtocol) -> Bool {
        word.contains(where: \.isASCIIDigit) && word.allSatisfy { $0.isASCIIDigit || "/-.,".contains($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0
/// Finds the headline in the first lines of a text.
enum Headline {
    /// The longest headline, in characters.
    static let maxLength = 220

    /// - Parameter lines: the lines of headline and body, at least one.
    /// - Returns: how many of the first lines are the headline: 0 to 3.
    static func count(in lines: ArraySlice<TextLines.Line>, of text: TextLines) -> Int {
        guard let first = lines.first, let title = short(first, text) else { return 0 }
        guard Dateline.source(in: title) == nil, title.contains(where: \.isLetter) else { return 0 }
        let rest = lines.dropFirst()
        guard let second = rest.first else { return endsSentence(title) ? 0 : 1 }
        let next = text.beginning(second, bytes: 400)
        if Dateline.source(in: next) != nil { return 1 }
        if endsSentence(title) { return 0 }
        if second.isSetApart { return 1 }
        guard next.first?.isLowercase ?? false else { return 1 }
        return continued(lines, text)
    }

    /// A headline broken into lines: the next line continues in lower case, and an empty line follows.
    private static func continued(_ lines: ArraySlice<TextLines.Line>, _ text: TextLines) -> Int {
        var count = 1
        var size = 0
        for line in lines.dropFirst() {
            if line.isSetApart { return size <= maxLength ? count : 0 }
            guard count < 3, let part = short(line, text), !endsSentence(part) else { return 0 }
            size += part.count
            count += 1
        }
        return 0
    }

    private static func short(_ line: TextLines.Line, _ text: TextLines) -> String? {
        guard line.content.count <= 4 * maxLength else { return nil }
        let title = text.text(line)
        return title.count <= maxLength ? title : nil
    }

    /// Whether the text ends with a full stop (but not "..."), or with a mark after which a sentence continues.
    static func endsSentence(_ text: String) -> Bool {
        guard let last = text.last else { return false }
        if ",;:".contains(last) { return true }
        return last == "." && !text.hasSuffix("..")
    }
}

/// The start of an article's first paragraph that names the source: "(Mic.gov.vn) - ", "Hà Nội (TTXVN) – ".
///
/// The dateline stays in the body.
enum Dateline {
    /// - Parameter beginning: the start of a paragraph; 400 bytes are enough.
    /// - Returns: the source, as written; nil if no dateline names one.
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

    /// - Parameter text: the text after the opening bracket.
    private static func bracketed(_ text: some StringProtocol, _ closing: Character, afterPlace: Bool) -> String? {
        guard let close = text.prefix(80).firstIndex(of: closing) else { return nil }
        guard let name = name(text[..<close]) else { return nil }
        let rest = text[text.index(after: close)...].drop(while: \.isWhitespace)
        guard let next = rest.first else { return nil }
        if next.isDash || next == ":" { return name }
        // Without a dash, only an unmistakable name counts, and a sentence must follow.
        guard !afterPlace, name.isDomain || name.isAcronym || Outlets.isKnown(name) else { return nil }
        return next.isUppercase || "\"“‘".contains(next) ? name : nil
    }

    /// "TTXVN - ", "Mic.gov.vn – ": without brackets, only a domain or a known name counts.
    private static func bare(_ text: some StringProtocol) -> String? {
        guard let dash = text.prefix(40).firstIndex(where: \.isDash) else { return nil }
        let name = text[..<dash].trimmed
        let rest = text[text.index(after: dash)...]
        guard let next = rest.first, next.isWhitespace || next.isUppercase else { return nil }
        return name.isDomain || Outlets.isKnown(name) ? String(name) : nil
    }

    /// "Hà Nội", "TP.HCM, 12/3", "Cần Thơ ngày 5-6-2009": what may precede the bracket.
    private static func isPlace(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count <= 120 else { return false }
        let words = text.split { $0.isWhitespace || $0 == "," }
        guard (1...7).contains(words.count), words[0].beginsUppercase else { return false }
        return words.allSatisfy { word in
            word.beginsUppercase || isDate(word) || ["ngày", "tháng", "năm", "-", "–"].contains(word.lowercased())
        }
    }

    /// The text in the brackets, if it can be the name of a source.
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

    /// Remarks in brackets at the same position.
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

/// Known names of newspapers and agencies. Nothing in their spelling shows that they are sources.
enum Outlets {
    static func isKnown(_ name: some StringProtocol) -> Bool {
        let folded = name.folded
        if names.contains(folded) { return true }
        // "TTXVN/Vietnam+", "VOV - Trung tâm tin"
        let parts = folded.split { $0 == "/" }
        return parts.count > 1 && parts.contains { names.contains(String($0.trimmed)) }
    }

    private static let names: Set<String> = [
        "ttxvn", "vna", "vietnam+", "vietnamplus", "vov", "vov.vn", "vovnews", "vtv", "vtc", "vtc news", "vtcnews",
        "tto", "tuổi trẻ",
        "tuổi trẻ online", "tpo", "tiền phong", "tiền phong online", "nlđ", "nlđo", "người lao động", "lao động",
        "laođộng", "thanh niên",
        "tno", "thanh niên online", "sggp", "sggpo", "sài gòn giải phóng", "anttđ", "anđt", "antđ", "antd", "cand",
        "cand online",
        "qđnd", "qđnd online", "quân đội nhân dân", "nhân dân", "nd", "ndđt", "nhandan", "hnm", "hnmo", "hànộimới",
        "hà nội mới", "hanoimoi",
        "dân trí", "dantri", "vietnamnet", "vnn", "vnexpress", "vne", "vnmedia", "vneconomy", "cafef", "kênh 14",
        "kenh14", "zing", "zing.vn", "znews",
        "infonet", "ictnews", "ict news", "mic", "chinhphu.vn", "vgp", "vgp news", "baochinhphu.vn", "đcsvn", "cpv",
        "petrotimes",
        "pháp luật", "plo", "pltp", "pl tp.hcm", "đspl", "đời sống & pháp luật", "gđvn", "giáo dục việt nam", "gdvn",
        "gd&tđ", "gdtđ", "ktđt",
        "kinh tế đô thị", "hải quan", "công thương", "đầu tư", "đtck", "ndh", "bnews", "xinhua", "tân hoa xã", "thx",
        "reuters", "afp",
        "ap", "bbc", "cnn", "rfi", "voa", "bloomberg", "kyodo", "yonhap", "itar-tass", "ria novosti", "sputnik", "nhk",
        "dpa", "efe", "upi",
    ]
}

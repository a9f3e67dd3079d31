// SPDX-License-Identifier: Apache-2.0
/// The signature of an article in its last line: "PQH", "Nguyễn Văn A", "Theo VnExpress", "M.C. (theo BBC)".
struct Signature: Equatable {
    /// The author as written, without surrounding brackets and without a label such as "Tác giả:".
    let author: String
    /// The credited source: "VnExpress" in "Theo VnExpress".
    let source: String?
    /// Whether it names only a source and no person.
    let isCredit: Bool

    /// - Parameter line: the whole line.
    /// - Returns: nil if the line is not a signature.
    init?(_ line: String) {
        guard line.utf8.count <= 200 else { return nil }
        var text = line.trimmed
        while let first = text.first, first.isDash || "*•~".contains(first) { text = text.dropFirst().trimmed }
        if let open = text.first, let close = text.last, (open == "(" && close == ")") || (open == "[" && close == "]")
        {
            let inner = text.dropFirst().dropLast()
            if !inner.contains(open) { text = inner.trimmed }
        }
        guard let signature = Self.labelled(text) ?? Self.credit(text) ?? Self.credited(text) ?? Self.named(text) else {
            return nil
        }
        self = signature
    }

    private init(author: some StringProtocol, source: String? = nil, isCredit: Bool = false) {
        self.author = String(author)
        self.source = source
        self.isCredit = isCredit
    }

    /// "Tác giả: Nguyễn Văn A", "Bài và ảnh: P.V"
    private static func labelled(_ text: Substring) -> Signature? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let label = text[..<colon].folded
        let rest = text[text.index(after: colon)...].trimmed
        guard (2...60).contains(rest.count), let first = rest.first, first.isLetter else { return nil }
        if label == "nguồn" || label == "theo" || label == "nguồn tin" {
            return Dateline.name(rest).map { Signature(author: text, source: $0, isCredit: true) }
        }
        guard labels.contains(label), rest.last != ".", rest.split(separator: " ").count <= 8 else { return nil }
        return Signature(author: rest)
    }

    private static let labels: Set<String> = [
        "tác giả", "người viết", "thực hiện", "bài", "bài viết", "bài, ảnh", "bài và ảnh", "bài & ảnh", "tin",
        "tin, ảnh", "tin và ảnh",
        "tin & ảnh", "tin bài", "tin, bài", "biên tập", "biên dịch", "người dịch", "phóng viên", "pv", "ctv",
        "tổng hợp", "author", "by",
    ]

    /// "Theo VnExpress", "Theo báo Bưu điện Việt Nam"
    private static func credit(_ text: Substring) -> Signature? {
        for prefix in ["theo ", "nguồn ", "tổng hợp từ ", "lược theo "] where text.lowercased().hasPrefix(prefix) {
            var rest = text.dropFirst(prefix.count).trimmed
            for kind in ["báo ", "tạp chí ", "trang ", "website "] where rest.lowercased().hasPrefix(kind) {
                rest = rest.dropFirst(kind.count).trimmed
            }
            guard rest.split(separator: " ").count <= 6, !rest.contains(where: { ":;?!\"“".contains($0) }) else {
                return nil
            }
            return Dateline.name(rest).map { Signature(author: text, source: $0, isCredit: true) }
        }
        return nil
    }

    /// "Trung tâm Thông tin", "Sở TT&TT Cần Thơ": an office, on a line of its own.
    static func office(_ line: String) -> Signature? {
        guard line.utf8.count <= 120, let last = line.last, last.isLetter else { return nil }
        let words = line.split(separator: " ")
        guard (2...8).contains(words.count), words[0].beginsUppercase else { return nil }
        guard line.allSatisfy({ $0.isLetter || " &-–.,".contains($0) }) else { return nil }
        let folded = line.folded
        return offices.contains(where: { folded.hasPrefix($0 + " ") }) ? Signature(author: line.trimmed) : nil
    }

    private static let offices = [
        "trung tâm", "văn phòng", "phòng", "ban", "vụ", "cục", "sở", "thanh tra", "nhóm", "tổ", "báo", "tạp chí",
    ]

    /// "M.C. (theo BBC)", "Ngọc Sơn theo Time", "T.H (tổng hợp)", "PV/Vietnam+"
    private static func credited(_ text: Substring) -> Signature? {
        if text.last == ")", let open = text.firstIndex(of: "(") {
            let name = text[..<open].trimmed
            let inner = text[text.index(after: open)...].dropLast()
            guard isNames(name), (2...40).contains(inner.count), !inner.contains("(") else { return nil }
            return Signature(author: name, source: inner.folded.hasPrefix("theo ") ? Dateline.name(inner) : nil)
        }
        let words = text.split(separator: " ")
        if let place = words.firstIndex(where: { $0.lowercased() == "theo" }), place > 0 {
            guard isNames(text[..<words[place - 1].endIndex]), let credit = credit(text[words[place].startIndex...])
            else {
                return nil
            }
            return Signature(author: text[..<words[place - 1].endIndex], source: credit.source)
        }
        if let slash = text.firstIndex(of: "/"), isNames(text[..<slash].trimmed) {
            let rest = text[text.index(after: slash)...].trimmed
            guard !rest.contains("/"), rest.isDomain || Outlets.isKnown(rest) || isNames(rest) else { return nil }
            return Signature(author: text)
        }
        return nil
    }

    private static func named(_ text: Substring) -> Signature? { isNames(text) ? Signature(author: text) : nil }

    /// Up to four names: "Hà Anh - Minh Tú", "T.H", "Lan Hương, Q. Huy và P.V".
    private static func isNames(_ text: Substring) -> Bool {
        guard (1...80).contains(text.count) else { return false }
        var parts: [Substring] = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == "&" || $0 == ";" || $0 == "+" || $0.isDash }) {
            let words = part.split(separator: " ")
            parts += words.split(separator: "và").map {
                part[($0.first?.startIndex ?? part.startIndex)..<($0.last?.endIndex ?? part.endIndex)]
            }
        }
        return (1...4).contains(parts.count) && parts.allSatisfy { isName($0.trimmed) }
    }

    /// Whether the text names one person, or has initials.
    private static func isName(_ text: Substring) -> Bool {
        if fixed.contains(text.folded) { return true }
        let words = text.split(separator: " ")
        guard (1...5).contains(words.count), words.allSatisfy(isNameWord) else { return false }
        guard !notNames.contains(text.folded) else { return false }
        let letters = text.filter(\.isLetter).count
        // A single word must be initials or a given name.
        return words.count > 1 ? letters >= 2 : (1...8).contains(letters)
    }

    private static let fixed: Set<String> = [
        "phóng viên", "nhóm phóng viên", "nhóm pv", "ban biên tập", "tòa soạn", "cộng tác viên", "nhóm ctv",
        "ban thời sự", "tổng hợp",
    ]

    /// Last lines that look like names but are not.
    private static let notNames: Set<String> = [
        "hết", "kết", "end", "còn tiếp", "xem tiếp", "xin cảm ơn", "trân trọng", "thân", "thân ái", "ok", "việt nam",
        "hà nội", "tp.hcm", "tp hcm",
        "tphcm",
    ]

    /// "Nguyễn", "NGUYỄN", "T.Hằng", "P.Q.H.", "O'Neil"
    private static func isNameWord(_ word: Substring) -> Bool {
        guard word.beginsUppercase, word.count <= 14 else { return false }
        return word.allSatisfy { $0.isLetter || $0 == "." || $0 == "'" || $0 == "’" || $0 == "+" }
    }
}

// SPDX-License-Identifier: Apache-2.0
/// The signature of an article in its last line: "PQH", "Nguyễn Văn A", "Theo VnExpress", "M.C. (theo BBC)".
///
/// Where the line may mean several things, it names no author: none is better than a wrong one.
struct Signature: Equatable {
    /// The author as written, without surrounding brackets and without a label such as "Tác giả:"; empty if the line names
    /// none.
    private(set) var author = ""
    /// The credited source: "VnExpress" in "Theo VnExpress".
    private(set) var source: String?
    /// Whether it names only a source and no person.
    var isCredit: Bool { author.isEmpty && source != nil }
    /// Whether it names only who made the pictures.
    var isPhoto: Bool { author.isEmpty && source == nil }

    /// - Parameter line: the whole line.
    /// - Returns: nil if the line is not a signature.
    init?(_ line: String) {
        guard line.utf8.count <= 200 else { return nil }
        var text = line.trimmed
        while let first = text.first, first.isDash || "*•~".contains(first) { text = text.dropFirst().trimmed }
        if let inner = Self.inBrackets(text) { text = inner }
        guard let signature = Self.read(text) else { return nil }
        self = signature
    }

    private init(source: String? = nil) { self.source = source }

    private init(author: some StringProtocol, source: String? = nil) {
        self.author = String(author)
        self.source = source
    }

    /// Only who made the pictures.
    private static let photo = Signature()

    private static func read(_ text: Substring) -> Signature? {
        agency(text) ?? labelled(text) ?? credit(text) ?? named(text)
    }

    private static func inBrackets(_ text: Substring) -> Substring? {
        guard let open = text.first, let close = text.last, text.count > 2,
            (open == "(" && close == ")") || (open == "[" && close == "]")
        else { return nil }
        let inner = text.dropFirst().dropLast()
        return inner.contains(open) ? nil : inner.trimmed
    }

    // MARK: A source

    /// "TTXVN", "VnExpress": the name of a paper and nothing else. Two capitals may be anybody's initials.
    private static func agency(_ text: Substring) -> Signature? {
        guard text.count > 2, Outlets.isKnown(text), !text.contains("/") else { return nil }
        return Signature(source: String(text))
    }

    /// "Theo VnExpress", "Theo báo Bưu điện Việt Nam", "Theo Lan Chi (VnExpress)"
    private static func credit(_ text: Substring) -> Signature? {
        for prefix in creditPrefixes where text.lowercased().hasPrefix(prefix) {
            return credited(text.dropFirst(prefix.count).trimmed)
        }
        return nil
    }

    private static let creditPrefixes = [
        "theo ", "nguồn ", "tổng hợp từ ", "tổng hợp theo ", "lược theo ", "lược dịch theo ", "dịch theo ", "dịch từ ",
        "trích từ ", "trích ",
    ]

    /// What follows "theo": a source, or a person and their paper.
    private static func credited(_ text: Substring) -> Signature? {
        guard !text.contains(where: { ":;?!\"“".contains($0) }) || text.hasPrefix("http") else { return nil }
        if text.last == ")", let open = text.lastIndex(of: "(") {
            return credited(text[..<open].trimmed, text[text.index(after: open)...].dropLast().trimmed)
        }
        // "Lan Chi/VnExpress", "VnExpress/Lan Chi", "Lan Chi - VnExpress"
        for mark in marks {
            let parts = text.split(separator: mark, maxSplits: 1).map(\.trimmed)
            if parts.count == 2, let found = person(parts[0], in: parts[1]) { return found }
        }
        return source(text).map { Signature(source: $0) }
    }

    /// "Lan Chi (VnExpress)", "BBC (tổng hợp)", "Reuters (Anh)"
    private static func credited(_ name: Substring, _ inner: Substring) -> Signature? {
        if let found = person(name, in: inner) { return found }
        return source(name).map { Signature(source: $0) }
    }

    /// A person and a paper, if it is certain which is which.
    private static func person(_ name: Substring, in paper: Substring) -> Signature? {
        guard isNames(name), !isPaper(name), isPaper(paper), let source = source(paper) else { return nil }
        return Signature(author: name, source: source)
    }

    private static let marks = ["/", " - ", " – ", " — ", ", "]

    /// Whether the name is that of a paper, beyond doubt.
    private static func isPaper(_ name: Substring) -> Bool {
        let words = name.split(separator: " ")
        guard let first = words.first else { return false }
        if Outlets.isKnown(name) || name.isDomain { return true }
        if words.count == 1 {
            // "ICTnews", "VietNamNet": capitals within a word. "T.H" are initials.
            let letters = name.filter(\.isLetter)
            return letters.count > 3 && letters.contains(where: \.isLowercase) && !name.contains(".")
                && zip(letters, letters.dropFirst()).contains { $1.isUppercase && ($0.isLowercase || $0.isUppercase) }
        }
        return kinds.contains { name.folded.hasPrefix($0) } && first.count > 1
    }

    /// The name of a source: "Đầu tư" in "báo Đầu tư", "xaluan.com" in "http://www.xaluan.com/tin/1".
    private static func source(_ text: Substring) -> String? {
        var rest = text
        if let scheme = ["https://", "http://"].first(where: { rest.lowercased().hasPrefix($0) }) {
            rest = rest.dropFirst(scheme.count)
            rest = rest.prefix { !"/?#:".contains($0) }
            guard rest.isDomain else { return nil }
        }
        if rest.lowercased().hasPrefix("www."), rest.isDomain { rest = rest.dropFirst(4) }
        if !rest.beginsUppercase || !wholeNames.contains(rest.folded) {
            for kind in kinds where rest.folded.hasPrefix(kind) {
                let words = rest.split(whereSeparator: \.isWhitespace)
                guard let next = words.dropFirst(kind.split(separator: " ").count).first else { return nil }
                rest = rest[next.startIndex...]
                break
            }
        }
        guard rest.split(separator: " ").count <= 6 else { return nil }
        return Dateline.name(rest)
    }

    /// What stands before the name of a paper.
    private static let kinds = [
        "báo điện tử ", "thời báo ", "nhật báo ", "báo ", "tạp chí ", "trang tin ", "trang ", "website ", "tờ ",
        "hãng tin ", "hãng ", "đài ",
    ]

    /// Names that begin with such a word.
    private static let wholeNames: Set<String> = [
        "báo mới", "báo ảnh việt nam", "báo tin tức", "tạp chí cộng sản", "tạp chí tài chính", "đài tiếng nói việt nam",
        "đài truyền hình việt nam", "thời báo kinh tế việt nam", "thời báo kinh tế sài gòn", "thời báo tài chính",
        "thời báo tài chính việt nam", "thời báo ngân hàng",
    ]

    // MARK: A label

    /// "Tác giả: Nguyễn Văn A", "Bài và ảnh: P.V", "Nguồn: VnExpress", "Ảnh: Minh"
    private static func labelled(_ text: Substring) -> Signature? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let label = text[..<colon].folded
        let rest = text[text.index(after: colon)...].trimmed
        if sourceLabels.contains(label) {
            guard (2...120).contains(rest.count) else { return nil }
            return credit(rest) ?? credited(rest)
        }
        guard (1...60).contains(rest.count), let first = rest.first, first.isLetter else { return nil }
        if photoLabels.contains(label) { return isNames(rest) || source(rest) != nil ? photo : nil }
        guard rest.count >= 2, authorLabels.contains(label), rest.last != ".", rest.split(separator: " ").count <= 8
        else { return nil }
        // "Lan Chi (Theo VnExpress)"
        if let found = named(rest) ?? credit(rest) { return found }
        return rest.contains("(") || rest.contains("/") ? nil : Signature(author: rest)
    }

    private static let sourceLabels: Set<String> = [
        "nguồn", "theo", "nguồn tin", "nguồn bài", "nguồn bài viết", "theo nguồn", "nguồn tham khảo", "trích nguồn",
        "source", "via",
    ]

    private static let photoLabels: Set<String> = [
        "ảnh", "hình ảnh", "hình", "ảnh minh họa", "ảnh minh hoạ", "nguồn ảnh", "ảnh, clip", "clip", "video", "đồ họa",
        "đồ hoạ", "photo", "photos",
    ]

    private static let authorLabels: Set<String> = [
        "tác giả", "người viết", "thực hiện", "bài", "bài viết", "bài, ảnh", "bài và ảnh", "bài & ảnh", "bài - ảnh",
        "bài-ảnh", "tin", "tin, ảnh", "tin và ảnh", "tin & ảnh", "tin - ảnh", "tin-ảnh", "tin bài", "tin, bài",
        "biên tập", "biên dịch", "người dịch", "phóng viên", "pv", "ctv", "tổng hợp", "author", "by",
    ]

    // MARK: A name

    /// "T.H", "M.C. (theo BBC)", "Ngọc Sơn theo Time", "T.H (tổng hợp)", "PV/Vietnam+", "Lan Chi - Ảnh: Minh"
    private static func named(_ text: Substring) -> Signature? {
        if let place = text.firstRange(of: ":"), let name = beforePhoto(text, colon: place.lowerBound) {
            return named(name)
        }
        if text.last == ")", let open = text.firstIndex(of: "(") {
            return named(text[..<open].trimmed, text[text.index(after: open)...].dropLast().trimmed)
        }
        if let found = beforeCredit(text) { return found }
        if text.contains("/") { return shared(text) }
        // "Lan Chi - VnExpress"
        for mark in marks.dropFirst() {
            let parts = text.split(separator: mark, maxSplits: 1).map(\.trimmed)
            if parts.count == 2, let found = person(parts[0], in: parts[1]) { return found }
        }
        return isNames(text) ? Signature(author: text) : nil
    }

    /// What stands before "Ảnh: Minh" in the same line, with or without brackets and marks between them.
    private static func beforePhoto(_ text: Substring, colon: Substring.Index) -> Substring? {
        let before = text[..<colon]
        for label in photoLabels where before.folded.hasSuffix(label) {
            var name = before.dropLast(label.count).trimmed
            guard let mark = name.last, "-–—(;,.|".contains(mark) else { continue }
            name = name.dropLast(mark == "." && name.dropLast().last?.isUppercase == true ? 0 : 1).trimmed
            let rest = text[text.index(after: colon)...].trimmed
            guard !name.isEmpty, (1...40).contains(rest.count) else { return nil }
            return name
        }
        return nil
    }

    /// "M.C. (theo BBC)", "T.H (tổng hợp)", "Lan Chi (VnExpress)"
    private static func named(_ name: Substring, _ inner: Substring) -> Signature? {
        guard isNames(name) || isPaper(name), (2...60).contains(inner.count), !inner.contains("(") else { return nil }
        if let credit = credit(inner) {
            // "VnExpress (theo BBC)", "Lan Chi (theo Minh Anh/BBC)"
            if isPaper(name) { return credit.source == nil ? nil : credit }
            return Signature(author: name, source: credit.source)
        }
        if let found = labelled(inner), found.author.isEmpty {
            return isPaper(name) ? Signature(source: source(name)) : Signature(author: name, source: found.source)
        }
        if isPaper(name) { return source(name).map { Signature(source: $0) } }
        return Signature(author: name, source: isPaper(inner) ? source(inner) : nil)
    }

    /// "Ngọc Sơn theo Time", "Lan Chi - Theo Báo Mới", "Lan Chi, theo VnExpress"
    private static func beforeCredit(_ text: Substring) -> Signature? {
        let words = text.split(separator: " ")
        guard let place = words.firstIndex(where: { $0.lowercased() == "theo" || $0.lowercased() == "nguồn:" }),
            place > 0
        else { return nil }
        var name = text[..<words[place - 1].endIndex].trimmed
        while let last = name.last, last.isDash || ",;|".contains(last) { name = name.dropLast().trimmed }
        let rest = text[words[place].startIndex...]
        guard isNames(name), !isPaper(name), let credit = credit(rest) ?? labelled(rest), credit.isCredit else {
            return nil
        }
        return Signature(author: name, source: credit.source)
    }

    /// "PV/TTXVN", "Lan Chi/VnExpress", "TTXVN/Vietnam+", "Lan Chi/Minh"
    private static func shared(_ text: Substring) -> Signature? {
        let parts = text.split(separator: "/").map(\.trimmed)
        guard parts.count == 2, text.last != "/" else { return nil }
        if let found = person(parts[0], in: parts[1]) { return found }
        let papers = parts.filter { isPaper($0) || $0.isDomain }
        if papers.count == 2 { return Signature(source: String(text)) }
        guard papers.isEmpty, isNames(parts[0]), isNames(parts[1]) else { return nil }
        return Signature(author: text)
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
}

extension Signature {
    /// Up to four names: "Hà Anh - Minh Tú", "T.H", "Lan Hương, Q. Huy và P.V".
    fileprivate static func isNames(_ text: Substring) -> Bool {
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
        guard !notNames.contains(text.folded), words.first?.folded != "theo" else { return false }
        let letters = text.filter(\.isLetter).count
        // A single word must be initials or a given name.
        return words.count > 1 ? letters >= 2 : (1...8).contains(letters)
    }

    private static let fixed: Set<String> = [
        "phóng viên", "nhóm phóng viên", "nhóm pv", "ban biên tập", "tòa soạn", "cộng tác viên", "nhóm ctv",
        "ban thời sự", "bạn đọc", "pv", "ctv", "btv",
    ]

    /// Last lines that look like names but are not.
    private static let notNames: Set<String> = [
        "hết", "kết", "end", "còn tiếp", "xem tiếp", "xin cảm ơn", "trân trọng", "thân", "thân ái", "ok", "việt nam",
        "hà nội", "tp.hcm", "tp hcm",
        "tphcm", "đà nẵng", "hải phòng", "cần thơ", "huế", "sài gòn", "ảnh", "video", "clip", "quảng cáo", "xem thêm",
        "đọc thêm", "theo", "nguồn", "tổng hợp", "trân trọng cảm ơn", "xin chào", "mời xem video", "ban tổ chức",
        "tổng bí thư", "chủ tịch nước", "thủ tướng", "hồ chí minh", "tp hồ chí minh",
        // The provinces.
        "an giang", "bà rịa", "vũng tàu", "bạc liêu", "bắc giang", "bắc kạn", "bắc ninh", "bến tre", "bình dương",
        "bình định", "bình phước", "bình thuận", "cà mau", "cao bằng", "đắk lắk", "đắk nông", "điện biên", "đồng nai",
        "đồng tháp", "gia lai", "hà giang", "hà nam", "hà tĩnh", "hải dương", "hậu giang", "hòa bình", "hưng yên",
        "khánh hòa", "kiên giang", "kon tum", "lai châu", "lạng sơn", "lào cai", "lâm đồng", "long an", "nam định",
        "nghệ an", "ninh bình", "ninh thuận", "phú thọ", "phú yên", "quảng bình", "quảng nam", "quảng ngãi",
        "quảng ninh",
        "quảng trị", "sóc trăng", "sơn la", "tây ninh", "thái bình", "thái nguyên", "thanh hóa", "thừa thiên huế",
        "tiền giang", "trà vinh", "tuyên quang", "vĩnh long", "vĩnh phúc", "yên bái",
    ]

    /// "Nguyễn", "NGUYỄN", "T.Hằng", "P.Q.H.", "O'Neil"
    private static func isNameWord(_ word: Substring) -> Bool {
        guard word.beginsUppercase, word.count <= 14 else { return false }
        return word.allSatisfy { $0.isLetter || $0 == "." || $0 == "'" || $0 == "’" || $0 == "+" }
    }
}

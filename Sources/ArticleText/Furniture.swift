// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// Lines of the web page around an article: buttons, counters, links to other articles.
enum Furniture {
    /// Whether the whole line is furniture. In "In | Gửi email | Chia sẻ", each part must be.
    static func isFurniture(_ line: String) -> Bool {
        guard line.utf8.count <= 300 else { return false }
        if line.allSatisfy({ !$0.isLetter && !$0.isNumber }) { return true }  // "-----", "***", "./."
        if isLink(line) { return true }
        let parts = line.split { "|•·»›>".contains($0) }.map(\.folded).filter { !$0.isEmpty }
        return !parts.isEmpty && parts.allSatisfy(isPart)
    }

    /// ">> Xem thêm: Một tựa đề khác", "Đọc thêm: ...": a link to another article.
    private static func isLink(_ line: String) -> Bool {
        guard let last = line.last, !".!…".contains(last) else { return false }
        let signs = line.prefix { ">»›→=".contains($0) || $0.isWhitespace }
        if signs.contains("»") || signs.contains("›") || signs.contains("→") || signs.contains(">>")
            || signs.contains("=>")
        {
            return true
        }
        let folded = line.folded
        return links.contains { folded.hasPrefix($0 + ":") }
    }

    private static let links = [
        "xem thêm", "đọc thêm", "mời độc giả đọc thêm", "mời bạn đọc thêm", "mời xem thêm", "mời quý vị xem thêm",
        "bạn có thể quan tâm", "bài liên quan", "tin liên quan", "có thể bạn quan tâm", "đọc tiếp", "xem tiếp",
    ]

    /// "Trang chủ > Tin tức > Bưu chính": the position of the page in its site.
    static func isBreadcrumb(_ line: String) -> Bool {
        guard line.utf8.count <= 300 else { return false }
        let parts = line.split { ">»›|/".contains($0) }.map(\.folded)
        return parts.count > 1 && ["trang chủ", "home", "trang nhất"].contains(parts[0]) || line.folded == "trang chủ"
    }

    /// Whether the line is the heading of a list of other articles. The lines after it are furniture if they look like
    /// headlines.
    static func beginsOtherArticles(_ line: String) -> Bool {
        guard line.utf8.count <= 120 else { return false }
        var folded = line.folded
        while let last = folded.last, ":.>».…".contains(last) || last.isWhitespace { folded.removeLast() }
        return otherArticles.contains(folded)
    }

    private static func isPart(_ folded: String) -> Bool {
        let words = folded.filter { $0.isLetter || $0 == " " || $0 == "/" }.folded
        if exact.contains(words) { return true }
        // "Bình luận (3)", "Lượt xem: 1.204", "Chia sẻ 12"
        return counters.contains(words) && folded.contains(where: \.isNumber)
    }

    private static let exact: Set<String> = [
        "chia sẻ", "chia sẻ bài viết", "chia sẻ bài viết này", "chia sẻ facebook", "chia sẻ lên facebook",
        "chia sẻ qua email", "share", "share this",
        "tweet", "like", "thích", "facebook", "twitter", "zalo", "google", "linkedin", "email", "print", "in", "in bài",
        "in bài viết", "in bài này",
        "in tin", "in trang", "in trang này", "bản in", "bản để in", "gửi email", "gửi mail", "gửi cho bạn bè",
        "gửi bài viết", "gửi tin này", "gửi bài",
        "gửi bài viết qua email", "lưu bài", "lưu bài viết", "lưu tin", "quay lại", "trở lại", "trở về",
        "về trang trước", "về đầu trang", "lên đầu trang",
        "đầu trang", "trang chủ", "cỡ chữ", "tăng cỡ chữ", "giảm cỡ chữ", "bình luận", "ý kiến bạn đọc",
        "ý kiến của bạn", "gửi bình luận",
        "gửi ý kiến", "gửi phản hồi", "phản hồi", "viết bình luận", "thảo luận", "comments", "comment", "xem thêm",
        "đọc thêm", "nghe bài viết",
        "đánh giá", "đánh giá bài viết", "bình chọn", "báo lỗi", "góp ý", "theo dõi chúng tôi", "copy link",
        "sao chép liên kết", "download", "tải về",
    ]

    private static let counters: Set<String> = exact.union([
        "lượt xem", "số lượt xem", "lượt đọc", "số lượt đọc", "số lần xem", "lần xem", "lượt truy cập", "đã xem",
        "người xem", "views",
        "view", "lượt thích", "lượt chia sẻ", "bình luận", "lượt bình luận", "ý kiến", "phản hồi", "comments", "likes",
        "shares",
    ])

    private static let otherArticles: Set<String> = [
        "tin liên quan", "các tin liên quan", "bài liên quan", "bài viết liên quan", "các bài liên quan", "tin khác",
        "các tin khác", "tin tức khác",
        "các tin đã đưa", "tin đã đưa", "tin cũ hơn", "các tin cũ hơn", "tin mới hơn", "các tin mới hơn", "tin mới",
        "bài viết khác",
        "các bài khác", "các bài viết khác", "tin cùng chuyên mục", "cùng chuyên mục", "tin bài khác",
        "tin, bài liên quan", "xem tiếp", "đọc tiếp",
        "có thể bạn quan tâm", "tin nổi bật", "đọc nhiều nhất", "related articles",
    ]

    /// "Từ khóa: Cần Thơ, bưu chính", "Tags: ..."
    static func isTagList(_ line: String) -> Bool {
        guard line.utf8.count <= 500, let colon = line.firstIndex(of: ":") else { return false }
        return ["từ khóa", "từ khoá", "tag", "tags", "chủ đề", "keywords"].contains(line[..<colon].folded)
    }
}

/// A line such as "ĐÁNH GIÁ BÀI VIẾT( 0)" or "Đánh giá: 4,5/5 (12 lượt)".
enum RatingLine {
    /// - Returns: nil if the line is not a rating, or has no number.
    static func rating(in line: String) -> Rating? {
        guard line.utf8.count <= 160 else { return nil }
        let folded = line.folded
        guard let heading = headings.first(where: { folded.hasPrefix($0) }) else { return nil }
        return figures(String(folded.dropFirst(heading.count)))
    }

    /// "Xếp hạng: 4/5 sao": an average, of an unknown number of votes.
    static func isAverage(_ line: String) -> Bool {
        guard line.utf8.count <= 160 else { return false }
        let folded = line.folded
        guard let heading = headings.first(where: { folded.hasPrefix($0) }) else { return false }
        let rest = folded.dropFirst(heading.count)
        guard rest.split(whereSeparator: { !$0.isLetter }).allSatisfy({ allowedWords.contains(String($0)) }),
            rest.allSatisfy({ $0.isLetter || $0.isNumber || $0.isWhitespace || "():/.,*★☆-–|[]".contains($0) })
        else { return false }
        return numbers(in: String(rest)).contains(where: \.beforeSlash) || rest.contains("★")
    }

    /// Whether the line is only the heading. The figures are on the next line.
    static func isHeading(_ line: String) -> Bool {
        line.utf8.count <= 160 && headings.contains(line.folded.filter { $0 != ":" }.folded)
    }

    /// "( 0)", ": 4,5/5 (12 lượt)"; nil for anything else.
    static func figures(_ text: String) -> Rating? {
        let words = text.split { !$0.isLetter }.map(\.folded)
        guard words.allSatisfy({ allowedWords.contains($0) }), text.utf8.count <= 100 else { return nil }
        guard
            !text.contains(where: { !$0.isLetter && !$0.isNumber && !$0.isWhitespace && !"():/.,*★☆-–|[]".contains($0) }
            )
        else { return nil }
        let numbers = numbers(in: text)
        let average = numbers.first { $0.beforeSlash }
        let counted = numbers.filter { !$0.beforeSlash && !$0.afterSlash }
        guard
            let count = (counted.first(where: \.inBrackets) ?? counted.last).flatMap({
                UInt64(exactly: $0.value.rounded())
            })
        else { return nil }
        guard let average, count < 1_000_000_000, average.value <= 1000 else { return Rating(count: count) }
        return Rating(count: count, sum: Int64((average.value * Double(count)).rounded()))
    }

    private static let headings = [
        "đánh giá bài viết", "đánh giá bài", "đánh giá của bạn đọc", "điểm đánh giá", "số lượt đánh giá",
        "lượt đánh giá", "đánh giá",
        "bình chọn bài viết", "bình chọn", "xếp hạng bài viết", "xếp hạng", "rating", "rate this article",
    ]

    private static let allowedWords: Set<String> = [
        "lượt", "người", "phiếu", "sao", "điểm", "trung", "bình", "đánh", "giá", "chọn", "vote", "votes", "ratings",
        "rating", "trên", "số", "tổng",
    ]

    private struct Number {
        let value: Double
        let inBrackets: Bool
        let beforeSlash: Bool
        let afterSlash: Bool
    }

    private static func numbers(in text: String) -> [Number] {
        var numbers: [Number] = []
        var digits = ""
        var depth = 0
        var slash = false
        for character in text + " " {
            if character.isASCIIDigit || (!digits.isEmpty && (character == "." || character == ",")) {
                digits.append(character)
                continue
            }
            if !digits.isEmpty, let value = value(digits) {
                numbers.append(
                    Number(value: value, inBrackets: depth > 0, beforeSlash: character == "/", afterSlash: slash))
                slash = false
            }
            digits = ""
            switch character {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "/": slash = true
            default: break
            }
        }
        return numbers
    }

    /// "1.204" is more than a thousand; "4,5" and "4.5" are fractions.
    private static func value(_ digits: String) -> Double? {
        let parts = digits.split { $0 == "." || $0 == "," }
        guard parts.count > 1 else { return parts.first.flatMap { Double($0) } }
        if parts.dropFirst().allSatisfy({ $0.count == 3 }) { return Double(parts.joined()) }
        return Double(parts[0] + "." + parts[1])
    }
}

/// A line with the time of publication and nothing else: "Thứ Hai, 15/06/2009 10:20 (GMT+7)".
enum PublicationLine {
    /// - Returns: milliseconds since 1970-01-01T00:00:00Z; the line is read as Vietnamese time. nil if it is not such a
    ///   line.
    static func time(in line: String) -> Int64? {
        guard line.utf8.count <= 120 else { return nil }
        if let time = vietnamese(line) { return time }
        // Those of feeds and of other pages. Digits alone may be anything.
        guard line.contains(where: { !$0.isASCIIDigit }), let written = WrittenTime(line) else { return nil }
        return written.clock - (written.ahead ?? 7 * 3_600_000)
    }

    private static func vietnamese(_ line: String) -> Int64? {
        var text = line.folded.replacing("gmt+7", with: " ").replacing("gmt +7", with: " ").replacing(
            "utc+7", with: " ")
        text = text.replacing("ngày", with: " ").replacing(" tháng ", with: "/").replacing(" năm ", with: "/")
        let tokens = text.split { $0.isWhitespace || ",|()•·".contains($0) }
        var date: (day: Int, month: Int, year: Int)?
        var clock: (hour: Int, minute: Int)?
        var words: [Substring] = []
        for token in tokens {
            if let found = self.date(token) {
                guard date == nil else { return nil }
                date = found
            } else if let found = self.clock(token) {
                guard clock == nil else { return nil }
                clock = found
            } else if !(token.allSatisfy { $0.isDash || $0 == ":" }) {
                words.append(token)
            }
        }
        guard var date, words.allSatisfy({ allowed.contains($0.filter { $0 != ":" }) }) else { return nil }
        if words.contains(where: { ["pm", "ch", "chiều", "tối"].contains($0) }), let (hour, minute) = clock, hour < 12 {
            clock = (hour + 12, minute)
        }
        if date.year < 100 { date.year += 2000 }
        guard let day = CivilDate.days(year: date.year, month: date.month, day: date.day) else { return nil }
        let minutes = Int64(clock.map { $0.hour * 60 + $0.minute } ?? 0) - 7 * 60
        return (day * 1440 + minutes) * 60_000
    }

    private static let allowed: Set<String> = [
        "thứ", "hai", "ba", "tư", "năm", "sáu", "bảy", "chủ", "nhật", "cn", "cập", "lúc", "giờ", "đăng", "xuất", "bản",
        "vào", "am", "pm",
        "sa", "ch", "sáng", "chiều", "tối", "published", "updated", "monday", "tuesday", "wednesday", "thursday",
        "friday", "saturday",
        "sunday",
    ]

    /// "15/06/2009", "15-6-2009", "15.06.2009", "2009-06-15"
    private static func date(_ token: Substring) -> (Int, Int, Int)? {
        let parts = token.split(omittingEmptySubsequences: false) { "/-.".contains($0) }
        guard parts.count == 3, parts.allSatisfy({ (1...4).contains($0.count) && $0.allSatisfy(\.isASCIIDigit) }) else {
            return nil
        }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 3 else { return nil }
        if parts[0].count == 4 { return (numbers[2], numbers[1], numbers[0]) }
        return parts[2].count == 4 ? (numbers[0], numbers[1], numbers[2]) : nil
    }

    /// "10:20", "10:20:35", "10h20"
    private static func clock(_ token: Substring) -> (Int, Int)? {
        let parts = token.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "h" }
        guard (2...3).contains(parts.count), let hour = Int(parts[0]),
            let minute = Int(parts[1].isEmpty ? "0" : parts[1])
        else { return nil }
        return (0...23).contains(hour) && (0...59).contains(minute) ? (hour, minute) : nil
    }
}

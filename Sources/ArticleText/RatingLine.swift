import ArticleProtocol

/// A line such as "ĐÁNH GIÁ BÀI VIẾT( 0)" or "Đánh giá: 4,5/5 (12 lượt)".
enum RatingLine {
    /// - Returns: nil if the whole line is not a rating, or tells no number.
    static func rating(in line: String) -> Rating? {
        guard line.utf8.count <= 160 else { return nil }
        let folded = line.folded
        guard let heading = headings.first(where: { folded.hasPrefix($0) }) else { return nil }
        return figures(String(folded.dropFirst(heading.count)))
    }

    /// The heading alone: its figures stand on the next line.
    static func isHeading(_ line: String) -> Bool {
        line.utf8.count <= 160 && headings.contains(line.folded.filter { $0 != ":" }.folded)
    }

    /// "( 0)", ": 4,5/5 (12 lượt)"; nil if there is anything else.
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

    /// "1.204" is a thousand and more, "4,5" and "4.5" a fraction.
    private static func value(_ digits: String) -> Double? {
        let parts = digits.split { $0 == "." || $0 == "," }
        guard parts.count > 1 else { return parts.first.flatMap { Double($0) } }
        if parts.dropFirst().allSatisfy({ $0.count == 3 }) { return Double(parts.joined()) }
        return Double(parts[0] + "." + parts[1])
    }
}

/// A line that tells when an article was published, and nothing else: "Thứ Hai, 15/06/2009 10:20 (GMT+7)".
enum PublicationLine {
    /// - Returns: milliseconds since 1970-01-01T00:00:00Z, the line read as Vietnamese time; nil if it is no such line.
    static func time(in line: String) -> Int64? {
        guard line.utf8.count <= 120 else { return nil }
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

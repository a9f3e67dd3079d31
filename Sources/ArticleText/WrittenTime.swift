// SPDX-License-Identifier: Apache-2.0
/// A point in time as people and programs write it, in any order that leaves no doubt:
///
///     Thứ ba, 1/9/2020, 07:00 (GMT+7)      Tue, 01 Sep 2020 07:00:00 +0700
///     07:00 | 01/09/2020                   Sep 1, 2020 7:00 AM
///     ngày 1 tháng 9 năm 2020              2020-09-01 07:00:00.123 +07:00
///     1.9.2020                             20200901T070000Z
///
/// In numbers alone the day precedes the month, unless the year comes first.
public struct WrittenTime: Equatable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00 on the clock of the text.
    public private(set) var clock: Int64 = 0
    /// How far that clock is ahead of UTC, in milliseconds; nil if the text does not say.
    public private(set) var ahead: Int64?

    /// - Returns: nil if the text is anything but one time in the years 1 to 9999.
    public init?(_ text: String) {
        guard text.utf8.count <= 120 else { return nil }
        var reading = Reading()
        for token in Self.tokens(NormalForm.nfc(text.lowercased())) {
            guard reading.take(token) else { return nil }
        }
        guard let (clock, ahead) = reading.result else { return nil }
        self.clock = clock
        self.ahead = ahead
    }

    /// Words: brackets, commas and bars separate as blanks do, and so does a T between date and clock.
    private static func tokens(_ text: String) -> [Substring] {
        var text = text
        for (sign, mark) in [("年", "-"), ("月", "-"), ("日", " ")] { text = text.replacing(sign, with: mark) }
        return text.split { $0.isWhitespace || ",|()[]•·–—".contains($0) }.flatMap { token -> [Substring] in
            guard let middle = token.firstIndex(of: "t"), middle != token.startIndex, !token.contains("/"),
                token[..<middle].allSatisfy({ $0.isASCIIDigit || $0 == "-" }),
                token[token.index(after: middle)...].first?.isASCIIDigit == true
            else { return [token] }
            return [token[..<middle], token[token.index(after: middle)...]]
        }
    }
}

/// What was understood of a time so far.
private struct Reading {
    private var day: Int?
    private var month: Int?
    private var year: Int?
    /// Milliseconds since midnight.
    private var clock: Int64?
    private var ahead: Int64?
    private var isAfternoon: Bool?
    /// The last word was "tháng".
    private var expectsMonth = false
    /// The last word was "thứ".
    private var expectsWeekday = false
    /// The month was a word: then the number behind it may be a year of two digits, as in RFC 822.
    private var isMonthNamed = false
    /// The last word was "mười" as a month.
    private var isTenth = false

    var result: (Int64, Int64?)? {
        guard let day, let month, let year, let days = CivilDate.days(year: year, month: month, day: day) else {
            return nil
        }
        var time = clock ?? 0
        if let isAfternoon {
            guard clock != nil else { return nil }
            let hour = time / 3_600_000
            if isAfternoon, hour < 12 { time += 12 * 3_600_000 }
            if !isAfternoon, hour == 12 { time -= 12 * 3_600_000 }
        }
        return (days * 86_400_000 + time, ahead)
    }

    /// False if the word has no place in a time.
    mutating func take(_ word: Substring) -> Bool {
        let (wasMonth, wasWeekday) = (expectsMonth, expectsWeekday)
        (expectsMonth, expectsWeekday) = (false, word == "thứ")
        if wasWeekday, ["2", "3", "4", "5", "6", "7"].contains(word) { return true }
        if word.allSatisfy({ $0.isDash || $0 == ":" }) { return true }
        if word == "tháng" {
            expectsMonth = true
            return true
        }
        if word.allSatisfy(\.isASCIIDigit) { return takeNumber(word, isMonth: wasMonth) }
        if wasMonth {
            if let number = Self.monthWords.firstIndex(of: String(word)) {
                isTenth = word == "mười"
                return Self.set(&month, word == "giêng" ? 1 : word == "chạp" ? 12 : number + 1)
            }
            return takeMonthAndYear(word)
        }
        if isTenth, let unit = ["một", "hai"].firstIndex(of: String(word)) {  // "mười một", "mười hai"
            isTenth = false
            month = 11 + unit
            return true
        }
        isTenth = false
        if let number = Self.months.firstIndex(where: { $0 == word.prefix(3) }), Self.isMonth(word) {
            isMonthNamed = true
            return Self.set(&month, number + 1)
        }
        if let afternoon = Self.halves[String(word)] { return Self.set(&isAfternoon, afternoon) }
        if let zone = Self.zone(word) { return takeZone(zone) }
        if Self.fillers.contains(String(word)) { return true }
        return takeDate(word) || takeClock(word) || takeDay(word)
    }

    private static func set<Value>(_ field: inout Value?, _ value: Value) -> Bool {
        guard field == nil else { return false }
        field = value
        return true
    }

    // MARK: Numbers

    private mutating func takeNumber(_ digits: Substring, isMonth: Bool) -> Bool {
        guard let number = Int(digits) else { return false }
        if isMonth { return digits.count <= 2 && Self.set(&month, number) }
        switch digits.count {
        case 8:  // 20200901
            return take(year: number / 10_000, month: number / 100 % 100, day: number % 100)
        case 6 where year != nil && clock == nil:  // 070000
            return takeTime(hour: number / 10_000, minute: number / 100 % 100, milliseconds: number % 100 * 1000)
        case 14:  // 20200901070000
            return take(year: number / 10_000_000_000, month: number / 100_000_000 % 100, day: number / 1_000_000 % 100)
                && takeTime(
                    hour: number / 10_000 % 100, minute: number / 100 % 100, milliseconds: number % 100 * 1000)
        case 4: return Self.set(&year, number)
        case 2 where isMonthNamed && day != nil && year == nil: return Self.set(&year, Self.year(ofTwoDigits: number))
        case 1, 2: return Self.set(&day, number)
        default: return false
        }
    }

    private mutating func take(year: Int, month: Int, day: Int) -> Bool {
        Self.set(&self.year, year) && Self.set(&self.month, month) && Self.set(&self.day, day)
    }

    /// RFC 5322, section 4.3.
    private static func year(ofTwoDigits number: Int) -> Int { number < 50 ? 2000 + number : 1900 + number }

    /// "9/2020" after "tháng".
    private mutating func takeMonthAndYear(_ word: Substring) -> Bool {
        let parts = word.split { "/-.".contains($0) }
        guard parts.count == 2, parts[1].count == 4, let number = Int(parts[0]), let year = Int(parts[1]) else {
            return false
        }
        return Self.set(&month, number) && Self.set(&self.year, year)
    }

    /// "1st"
    private mutating func takeDay(_ word: Substring) -> Bool {
        guard word.count >= 3, ["st", "nd", "rd", "th"].contains(word.suffix(2)), let number = Int(word.dropLast(2))
        else {
            return false
        }
        return Self.set(&day, number)
    }

    /// "01/09/2020", "1-9-2020", "1.9.2020", "2020/09/01", "01-sep-2020"
    private mutating func takeDate(_ word: Substring) -> Bool {
        let parts = word.split(omittingEmptySubsequences: false) { "/-.".contains($0) }
        guard parts.count == 3, year == nil else { return false }
        if let number = Self.months.firstIndex(where: { $0 == parts[1].prefix(3) }), Self.isMonth(parts[1]) {
            guard [2, 4].contains(parts[2].count), let day = Int(parts[0]), let year = Int(parts[2]) else {
                return false
            }
            return take(year: parts[2].count == 4 ? year : Self.year(ofTwoDigits: year), month: number + 1, day: day)
        }
        guard parts.allSatisfy({ (1...4).contains($0.count) && $0.allSatisfy(\.isASCIIDigit) }) else { return false }
        let numbers = parts.compactMap { Int($0) }
        if parts[0].count == 4, parts[2].count <= 2 {
            return take(year: numbers[0], month: numbers[1], day: numbers[2])
        }
        guard parts[2].count == 4, parts[0].count <= 2 else { return false }
        return take(year: numbers[2], month: numbers[1], day: numbers[0])
    }

    // MARK: The clock

    private mutating func takeTime(hour: Int, minute: Int, milliseconds: Int) -> Bool {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...60_999).contains(milliseconds) else {
            return false
        }
        return Self.set(&clock, Int64(hour * 60 + minute) * 60_000 + Int64(milliseconds))
    }

    /// "07:00", "7:00:30.5", "07h00", "7h", "07:00:00+0700", "7:00am", "070000z"
    private mutating func takeClock(_ word: Substring) -> Bool {
        var word = word
        for (name, afternoon) in Self.halves where name.utf8.count == 2 && word.hasSuffix(name) {
            word = word.dropLast(name.count)
            guard Self.set(&isAfternoon, afternoon) else { return false }
        }
        if let place = word.firstIndex(where: { $0 == "+" || $0 == "-" || $0 == "z" || $0 == "u" || $0 == "g" }) {
            guard let zone = Self.zone(word[place...]), takeZone(zone) else { return false }
            word = word[..<place]
        }
        if word.count == 6, word.allSatisfy(\.isASCIIDigit) { return takeNumber(word, isMonth: false) }
        if word.count <= 2, let hour = Int(word), isAfternoon != nil {
            return takeTime(hour: hour, minute: 0, milliseconds: 0)
        }
        let parts = word.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "h" }
        guard (2...3).contains(parts.count), let hour = Int(parts[0]), parts[0].count <= 2,
            parts[0].allSatisfy(\.isASCIIDigit)
        else { return false }
        if parts.count == 2, parts[1].isEmpty {
            return word.hasSuffix("h") && takeTime(hour: hour, minute: 0, milliseconds: 0)
        }
        guard parts[1].count == 2, let minute = Int(parts[1]) else { return false }
        guard parts.count == 3, !parts[2].isEmpty else { return takeTime(hour: hour, minute: minute, milliseconds: 0) }
        guard let milliseconds = Self.seconds(parts[2]) else { return false }
        return takeTime(hour: hour, minute: minute, milliseconds: milliseconds)
    }

    /// "30", "30.123456"
    private static func seconds(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts[0].count == 2, let whole = Int(parts[0]) else { return nil }
        guard parts.count == 2 else { return whole * 1000 }
        guard !parts[1].isEmpty, parts[1].allSatisfy(\.isASCIIDigit) else { return nil }
        return Int((parts[1] + "00").prefix(3)).map { whole * 1000 + $0 }
    }

    /// "GMT" may be followed by "+7" as a word of its own.
    private mutating func takeZone(_ zone: Int64) -> Bool {
        guard ahead == nil || ahead == 0 || ahead == zone else { return false }
        ahead = zone
        return true
    }

    /// In milliseconds: "+07:00", "+0700", "+7", "z", "gmt+7", "utc", "ict", "asia/ho_chi_minh"
    private static func zone(_ word: Substring) -> Int64? {
        if let hours = zones[String(word)] { return Int64(hours) * 3_600_000 }
        var rest = word
        for name in ["gmt", "utc"] where rest.hasPrefix(name) { rest = rest.dropFirst(3) }
        guard let sign = rest.first, sign == "+" || sign == "-" else { return nil }
        let digits = rest.dropFirst().filter { $0 != ":" }
        guard (1...4).contains(digits.count), digits.allSatisfy(\.isASCIIDigit), let number = Int(digits) else {
            return nil
        }
        let (hours, minutes) = digits.count <= 2 ? (number, 0) : (number / 100, number % 100)
        guard hours <= 15, minutes < 60 else { return nil }
        return Int64(hours * 60 + minutes) * (sign == "-" ? -60_000 : 60_000)
    }

    // MARK: Words

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let fullMonths = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december", "sept",
    ]

    /// A month of three letters or whole, with or without a full stop.
    private static func isMonth(_ word: Substring) -> Bool {
        let name = word.hasSuffix(".") ? word.dropLast() : word
        return name.count == 3 || fullMonths.contains(String(name))
    }

    /// Behind "tháng"; January is also "giêng", and December "chạp".
    private static let monthWords = [
        "một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "giêng", "chạp",
    ]

    /// Hours ahead of UTC.
    private static let zones = [
        "z": 0, "gmt": 0, "utc": 0, "ut": 0, "ict": 7, "asia/ho_chi_minh": 7, "asia/saigon": 7, "asia/bangkok": 7,
        "asia/hanoi": 7, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    ]
    private static let halves = [
        "am": false, "a.m.": false, "sa": false, "sáng": false, "pm": true, "p.m.": true, "ch": true, "chiều": true,
        "tối": true,
    ]
    private static let fillers: Set<String> = [
        "thứ", "hai", "ba", "tư", "năm", "sáu", "bảy", "bẩy", "chủ", "nhật", "cn", "t2", "t3", "t4", "t5", "t6", "t7",
        "ngày", "lúc", "vào", "giờ", "đăng", "cập", "xuất", "bản", "at", "on", "of", "published", "updated", "posted",
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon.", "tue.", "wed.", "thu.", "fri.", "sat.", "sun.", "tues",
        "thur", "thurs", "indochina", "standard", "time", "monday", "tuesday", "wednesday", "thursday", "friday",
        "saturday", "sunday",
    ]
}

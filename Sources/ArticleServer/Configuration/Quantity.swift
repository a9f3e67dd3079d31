/// Numbers with a unit.
enum Quantity {
    /// "10 s" with ("s", 1000) is 10000. nil without a number or with another unit.
    static func parse(_ text: String, units: [(String, Double)]) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), let factor = units.first(where: { $0.0 == unit }) else { return nil }
        return number * factor.1
    }
}

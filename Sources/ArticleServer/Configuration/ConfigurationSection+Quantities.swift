internal import JSONTree

extension ConfigurationSection {
    /// Bytes: a number of them, or such as "16 MiB".
    func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        guard let value = quantity(key, units: units.map { ($0.0, Double($0.1)) }, plain: 1) else { return nil }
        let bytes = value.rounded()
        if bytes >= Double(range.lowerBound), bytes <= Double(range.upperBound) { return Int(bytes) }
        problem(
            key,
            "not between \(ConfigurationText.size(range.lowerBound)) and \(ConfigurationText.size(range.upperBound))")
        return nil
    }

    /// A time in milliseconds: a number of seconds, or such as "250 ms", "10 s", "5 min", "1 h".
    func milliseconds(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let units = TimeText.units.map { ($0.name, $0.milliseconds) }
        guard let value = quantity(key, units: units, plain: 1000) else { return nil }
        let milliseconds = value.rounded()
        if milliseconds >= Double(range.lowerBound), milliseconds <= Double(range.upperBound) {
            return Int(milliseconds)
        }
        problem(
            key,
            "not between \(ConfigurationText.time(range.lowerBound)) and \(ConfigurationText.time(range.upperBound))")
        return nil
    }

    private func quantity(_ key: String, units: [(String, Double)], plain: Double) -> Double? {
        switch value(key) {
        case nil: return nil
        case .integer(let value): return Double(value) * plain
        case .number(let value) where value.isFinite: return value * plain
        case .string(let text):
            if let quantity = Quantity.parse(text, units: units) { return quantity }
            problem(key, "\"\(text)\" is no number with one of the units \(units.map(\.0).joined(separator: ", "))")
        case .some(let other):
            problem(key, "\(other.kind), where a number belongs, or a string such as \"10 \(units[1].0)\"")
        }
        return nil
    }
}

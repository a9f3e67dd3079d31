// SPDX-License-Identifier: Apache-2.0
/// Bars and small histograms, drawn with the block elements of Unicode: they need no colour.
enum Bars {
    /// A bar from left to right, to an eighth of a column. Anything above zero is seen.
    static func bar(_ value: UInt64, of largest: UInt64, width: Int) -> String {
        guard value > 0, largest > 0, width > 0 else { return "" }
        let eighths = max(1, Int((Double(value) / Double(largest) * Double(width * 8)).rounded()))
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: min(width, eighths / 8)) + (eighths < width * 8 ? rest : "")
    }

    /// One column for each value, as high as its share of the largest. Anything above zero is seen.
    static func columns(_ values: [Double]) -> String {
        let largest = values.max() ?? 0
        return String(
            values.map { value -> Character in
                guard value > 0, largest > 0 else { return " " }
                let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
                return blocks[max(0, min(7, Int((value / largest * 8).rounded(.up)) - 1))]
            })
    }
}

/// How latencies are spread, one column for one or more buckets, and the scale above it: "1 µs······1 ms······1 s·".
struct LatencyScale {
    /// Upper bounds in nanoseconds, ascending.
    private let bounds: [UInt64]
    private let bucketsPerColumn: Int

    /// - Parameter columns: at most.
    init(bounds: [UInt64], columns: Int) {
        self.bounds = bounds
        bucketsPerColumn = max(1, (bounds.count + max(1, columns)) / max(1, columns))
    }

    var columns: Int { (bounds.count + bucketsPerColumn) / bucketsPerColumn }

    var title: String {
        var scale = [Character](repeating: "·", count: columns)
        for (name, nanoseconds) in [("1µs", 1000), ("1ms", 1_000_000), ("1s", 1_000_000_000 as UInt64)] {
            guard let bucket = bounds.firstIndex(where: { $0 > nanoseconds }) else { continue }
            let place = bucket / bucketsPerColumn
            guard place + name.count <= columns else { continue }
            scale.replaceSubrange(place..<place + name.count, with: name)
        }
        return String(scale)
    }

    /// - Parameter counts: one for each bound, and one for what lies above.
    func histogram(_ counts: [UInt64]) -> String {
        var sums = [Double](repeating: 0, count: columns)
        for (bucket, count) in counts.enumerated() where bucket / bucketsPerColumn < columns {
            sums[bucket / bucketsPerColumn] += Double(count)
        }
        return Bars.columns(sums)
    }
}

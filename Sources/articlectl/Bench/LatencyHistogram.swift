// SPDX-License-Identifier: Apache-2.0
/// Latencies in nanoseconds, log-linear: each power of two in 32 steps, so that a quantile is at most 3.1 % off.
struct LatencyHistogram {
    private var counts = [UInt64](repeating: 0, count: 2048)
    private(set) var total: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    mutating func add(_ latency: UInt64, count: Int) {
        maximum = max(maximum, latency)
        total += UInt64(count)
        counts[Self.index(latency)] += UInt64(count)
    }

    /// The latency that the given share of all does not exceed; `share` from 0 to 1.
    func quantile(_ share: Double) -> UInt64 {
        let wanted = UInt64(share * Double(total))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen > wanted { return min(maximum, Self.upperBound(index)) }
        }
        return maximum
    }

    private static func index(_ latency: UInt64) -> Int {
        guard latency >= 64 else { return Int(latency) }
        let exponent = 58 - latency.leadingZeroBitCount  // latency >> exponent is 32 to 63
        return min(exponent * 32 + Int(latency >> UInt64(exponent)), 2048 - 1)
    }

    private static func upperBound(_ index: Int) -> UInt64 {
        guard index >= 64 else { return UInt64(index) }
        let exponent = index / 32 - 1
        return (UInt64(index - exponent * 32 + 1) << UInt64(exponent)) - 1
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import articlectl

@Suite struct LatencyHistogramTests {
    @Test func quantilesAreNearTheTruth() {
        var histogram = LatencyHistogram()
        for value in 1...100_000 { histogram.add(UInt64(value) * 100, count: 1) }
        for (share, truth) in [(0.5, 5_000_000.0), (0.99, 9_900_000), (0.999, 9_990_000)] {
            let found = Double(histogram.quantile(share))
            #expect(abs(found - truth) / truth < 0.032)
        }
        #expect(histogram.maximum == 10_000_000)
        #expect(histogram.quantile(1) == histogram.maximum)
        #expect(histogram.total == 100_000)
    }

    @Test func eachValueLiesInItsOwnStep() {
        for exponent in 0..<63 {
            for value in [UInt64(1) << exponent, UInt64(1) << exponent + 1, UInt64(2) << exponent - 1] {
                var histogram = LatencyHistogram()
                histogram.add(value, count: 3)
                histogram.add(.max, count: 1)
                let found = histogram.quantile(0.5)
                #expect(found >= value && Double(found) <= Double(value) * 1.032 + 1)
            }
        }
    }

    @Test func anEmptyOneSaysNothing() { #expect(LatencyHistogram().quantile(0.5) == 0) }
}

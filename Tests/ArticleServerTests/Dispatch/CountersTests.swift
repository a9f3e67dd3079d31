// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import ArticleServer

/// Counters that other threads read while they change.
@Suite struct CountersTests {
    @Test func requestsInFlightAreNeverFewerThanNone() {
        let counters = ServiceCounters(loops: 2, methods: 1, listeners: 0)
        counters.loop(0).opened.add(3)
        counters.loop(1).closed.add(2)
        #expect(counters.inFlight == 1)
        counters.loop(1).closed.add(2)
        #expect(counters.inFlight == 0, "as another processor may see it")
    }
}

@Suite struct MethodCountersTests {
    @Test func everyStatusCodeIsCountedUnderItsNumber() {
        let counters = MethodCounters()
        for code in StatusCode.allCases { counters.ended(code, 0) }
        let counted = counters.byStatus.enumerated().filter { $0.element == 1 }.map { UInt32($0.offset) }
        #expect(counted == StatusCode.allCases.map(\.rawValue).sorted())
    }
}

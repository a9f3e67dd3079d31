import ArticleProtocol
import Testing

@testable import ArticleServer

@Suite struct MethodCountersTests {
    @Test func everyStatusCodeIsCountedUnderItsNumber() {
        let counters = MethodCounters()
        for code in StatusCode.allCases { counters.ended(code, 0) }
        let counted = counters.byStatus.enumerated().filter { $0.element == 1 }.map { UInt32($0.offset) }
        #expect(counted == StatusCode.allCases.map(\.rawValue).sorted())
    }
}

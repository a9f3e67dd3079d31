import Testing

@testable import ArticleServer

@Suite struct RationTests {
    @Test func whatIsWithheldIsCounted() {
        let ration = Ration(lines: 2, interval: 100)
        #expect(ration.take(at: 1000) == 0)
        #expect(ration.take(at: 1001) == 0)
        for time in UInt64(1002)...1099 { #expect(ration.take(at: time) == nil) }
        #expect(ration.take(at: 1100) == 98)
        #expect(ration.take(at: 1101) == 0)
        #expect(ration.take(at: 1102) == nil)
        #expect(ration.take(at: 5000) == 1)
    }
}

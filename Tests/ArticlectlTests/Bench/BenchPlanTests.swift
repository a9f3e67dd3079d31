// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import articlectl

@Suite struct BenchPlanTests {
    static func plan(_ words: String...) throws -> BenchPlan {
        try BenchPlan(Arguments(words, for: Bench.description))
    }

    @Test func whatIsGivenIsTaken() throws {
        let plan = try Self.plan("fetch", "-c", "7", "-p16", "--seconds=2", "--size", "500", "--verify")
        #expect(plan.operation == .fetch && plan.peer == .articled)
        #expect(plan.connections == 7 && plan.pipeline == 16 && plan.seconds == 2 && plan.size == 500)
        #expect(plan.verifies && plan.articles == 100_000)
        #expect(!plan.isLive && !plan.keeps)
        #expect(try Self.plan("store", "--live", "--keep").keeps)
        #expect(try Self.plan("store", "--live", "--peer", "redis", "--socket", "x").peer == .redis)
    }

    @Test(arguments: [
        ["fetsh"], ["fetch", "--connections", "0"], ["fetch", "--values", "x"], ["ping", "--peer", "redis"],
        ["fetch", "--peer", "valkey"], ["fetch", "--size", "8000000"], ["store", "--pipeline", "many"],
        ["fetch", "--socket", "x"], ["ping", "--tcp", "127.0.0.1:1"], ["fetch", "--keep"],
        ["fetch", "--live", "--scratch", "/tmp"], ["fetch", "--peer", "redis", "--socket", "x"],
        ["fetch", "--peer", "redis", "--live"],
    ]) func whatMakesNoSenseIsUsage(words: [String]) {
        let error = #expect(throws: CommandFailure.self) {
            try BenchPlan(Arguments(words, for: Bench.description))
        }
        #expect(error?.code == .usage)
    }

    @Test func aWordThatIsNearlyRightIsGuessed() {
        let error = #expect(throws: CommandFailure.self) { try Self.plan("clasify") }
        #expect(error?.hint == "did you mean classify?")
    }
}

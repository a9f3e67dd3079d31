// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage

/// The periodic check of the engine.
@Suite struct ScrubTests {
    private let directory = TemporaryDirectory()
    private let ids = (0..<20).map { _ in ArticleID.generate() }

    /// Waits for the end of a check that began after this call.
    private func nextCheck(_ engine: LMDBEngine) throws -> StorageStatistics.Scrub {
        for _ in 0..<2 {
            let before = try engine.statistics().scrub.endedAt
            while try engine.statistics().scrub.endedAt == before { usleep(5000) }
        }
        return try engine.statistics().scrub
    }

    @Test(.timeLimit(.minutes(1))) func aFlippedByteIsFoundAndReportedEverywhere() async throws {
        var limits = EngineLimits.tests
        limits.scrub = 20
        let lines = Mutex<[String]>([])
        let log = PluginLog { level, line in if level == .error { lines.withLock { $0.append(line) } } }
        let engine = try LMDBEngine(limits, directory: directory.path, log: log)
        await engine.fill(ids) { Array("content of \($0).".utf8) }
        let sound = try nextCheck(engine)
        #expect(sound.damaged == 0 && sound.records == 20)
        #expect(engine.health.state == .healthy)
        let text = Array("content of 17.".utf8)
        let heap = directory.path + "/articles.mdb-records"
        try Damage.flip(text, in: heap)
        #expect(try nextCheck(engine).damaged == 1)
        #expect(engine.health.state == .degraded)
        #expect(lines.withLock { $0.contains { $0.contains("\(ids[17])") && $0.contains(heap) } })
        try Damage.flip([text[0] ^ 4] + text[1...], in: heap)
        #expect(try nextCheck(engine).damaged == 0)
        #expect(engine.health.state == .healthy)
        engine.stop()
    }

    @Test func aStopDoesNotWaitForIt() async throws {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        await engine.fill(ids)
        let start = Deadline.now.nanoseconds
        engine.stop()
        #expect(Deadline.now.nanoseconds - start < 5_000_000_000)
    }

    @Test func intervals() {
        #expect(TimeSpan.read("7 d", orOff: true) == .span(604_800_000))
        #expect(TimeSpan.read("7d", orOff: true) == .span(604_800_000))
        #expect(TimeSpan.read("12 h", orOff: true) == .span(43_200_000))
        #expect(TimeSpan.read("off", orOff: true) == .span(nil))
        for text in ["", "7", "d", "-1 d", "1 w", "0 s", "401 d", "99999999999999999999 d", "9999999999999999 d"] {
            guard case .wrong(let problem) = TimeSpan.read(text, orOff: true) else {
                Issue.record("\(text) was taken")
                continue
            }
            #expect(problem.contains("\"\(text)\""))
        }
    }

    @Test func theSectionOfTheConfiguration() throws {
        func read(_ json: String) throws -> Int64? {
            try EngineLimits.read(PluginConfiguration(json: Array(json.utf8))).0.scrub
        }
        #expect(try read("{}") == 604_800_000)
        #expect(try read(#"{"scrub": "off"}"#) == nil)
        #expect(try read(#"{"scrub": "1 h"}"#) == 3_600_000)
        let error = #expect(throws: ServiceError.self) { try read(#"{"scrub": "soon"}"#) }
        #expect(error?.message.hasPrefix("scrub: ") == true)
    }
}

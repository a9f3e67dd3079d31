// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// `articlectl bench`: what it measures, what it leaves behind, and a service that does not stay.
@Suite struct BenchTests {
    private func records(_ tool: CommandLineTool) throws -> Int {
        let storage = try tool.run("status", "--json").json()["storage"] as? [String: Any]
        return try #require(storage?["records"] as? Int)
    }

    private func report(_ tool: CommandLineTool, _ words: String...) throws -> [String: Any] {
        let run = try tool.run(["bench"] + words + ["--json"])
        #expect(run.code == 0, "\(words): \(run.complaints)")
        return try run.json()
    }

    @Test(.timeLimit(.minutes(10))) func aScratchServiceIsMeasuredAndNothingIsLeft() throws {
        let tool = CommandLineTool(try Service())
        let scratch = tool.directory.appending(path: "scratch")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        for operation in ["store", "fetch", "ping"] {
            let report = try report(
                tool, operation, "-c", "2", "-s", "1", "--articles", "100", "--scratch", scratch.path)
            #expect(report["requests"] as? Int ?? 0 > 0)
            #expect(report["errors"] as? Int == 0)
            let sent = try #require(report["sent_bytes_per_second"] as? Double)
            let received = try #require(report["bytes_per_second"] as? Double)
            if operation == "store" { #expect(sent > 5 * received) }
            if operation == "fetch" { #expect(sent > 0 && sent < received / 5) }
            #expect((report["endpoint"] as? String)?.contains(scratch.path) == true, "\(report)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
        }
        #expect(try records(tool) == 0)
    }

    @Test(.timeLimit(.minutes(10))) func anInterruptRemovesTheScratchService() throws {
        let tool = CommandLineTool(try Service())
        let scratch = tool.directory.appending(path: "scratch")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let bench = tool.process(["bench", "store", "-c", "2", "-s", "3600", "--scratch", scratch.path, "--json"])
        bench.standardOutput = nil
        try bench.run()
        // In the middle of the start, or of the measurement: it does not matter.
        while try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty { _ = poll(nil, 0, 5) }
        _ = poll(nil, 0, 1000)
        bench.interrupt()
        bench.waitUntilExit()
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test(.timeLimit(.minutes(10))) func whatItStoresInALiveServiceIsDeletedAfterwards() throws {
        let tool = CommandLineTool(try Service())
        #expect(try tool.run("store", "-", input: Array("Một bài báo\n\nThân bài.".utf8)).code == 0)
        for _ in 1...2 {
            let said = try tool.run("bench", "fetch", "--live", "-c", "2", "-s", "1", "--articles", "300")
            #expect(said.code == 0, "\(said.complaints)")
            #expect(said.complaints.contains("storing 300 articles to fetch; they are deleted afterwards\n"))
            #expect(try records(tool) == 1)
        }
        let stored = try report(tool, "store", "--live", "-c", "2", "-p", "4", "-s", "1", "--articles", "10")
        #expect(stored["requests"] as? Int ?? 0 > 0)
        #expect(try records(tool) == 1)

        _ = try report(tool, "fetch", "--live", "--keep", "-c", "2", "-s", "1", "--articles", "30")
        #expect(try records(tool) == 31)
        // Those that it finds are not its own to delete.
        _ = try report(tool, "fetch", "--live", "-c", "2", "-s", "1", "--articles", "40")
        #expect(try records(tool) == 31)
    }

    @Test(.timeLimit(.minutes(10))) func anInterruptDeletesWhatWasStoredInALiveService() async throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let bench = tool.process(["bench", "store", "--live", "-c", "2", "-s", "3600", "--json"])
        bench.standardOutput = nil
        try bench.run()
        while try records(tool) < 10 { _ = poll(nil, 0, 20) }
        bench.interrupt()
        bench.waitUntilExit()
        #expect(try records(tool) == 0)
    }

    @Test func aServiceThatIsNamedIsMeasuredOnlyIfThatIsSaid() throws {
        let service = try Service()
        let run = try CommandLineTool(service).run("bench", "ping", "--socket", service.socketPath)
        #expect(run.code == 64)
        #expect(run.complaints.contains("--live measures the service there"))
    }

    @Test func withoutAnArticledThereIsNothingToMeasure() throws {
        let tool = CommandLineTool(try Service())
        let alone = tool.directory.appending(path: "articlectl")
        try FileManager.default.copyItem(at: Service.products.appending(path: "articlectl"), to: alone)
        let bench = tool.process(["bench", "ping"])
        bench.executableURL = alone
        bench.environment["PATH"] = "/nonexistent"
        bench.standardOutput = nil
        try bench.run()
        bench.waitUntilExit()
        #expect(CommandLineTool.code(of: bench) == 69)
    }

    @Test(.timeLimit(.minutes(10))) func anInterruptEndsItWithTheFiguresSoFar() async throws {
        let service = try Service()
        let output = Pipe()
        let bench = CommandLineTool(service).process(["bench", "ping", "--live", "-c", "4", "-s", "3600", "--json"])
        bench.standardOutput = output
        try bench.run()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        while try await client.stats().connections < 5 { _ = poll(nil, 0, 20) }
        await client.close()
        _ = poll(nil, 0, 1000)  // beyond the half second of warming up
        bench.interrupt()
        bench.waitUntilExit()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(CommandLineTool.code(of: bench) == 0)
        #expect(report["errors"] as? Int == 0)
        #expect((0.1...60).contains(report["seconds"] as? Double ?? 0), "\(report)")
        #expect(report["requests"] as? Int ?? 0 > 0)
    }

    @Test(.timeLimit(.minutes(10))) func lostConnectionsAreMadeAgainAndTold() async throws {
        let service = try Service()
        let output = Pipe()
        let bench = CommandLineTool(service).process(["bench", "ping", "--live", "-c", "4", "-s", "4", "--json"])
        bench.standardOutput = output
        try bench.run()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        while try await client.stats().connections < 5 { _ = poll(nil, 0, 20) }
        await client.close()
        _ = poll(nil, 0, 1000)  // beyond the half second of warming up
        try service.restart(after: SIGKILL)
        bench.waitUntilExit()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(report["reconnects"] as? Int == 4, "\(report)")
        #expect((1...4).contains(report["errors"] as? Int ?? 0), "requests that were lost: \(report)")
        #expect(report["first_error"] as? String == "a connection was lost before the answer came")
        #expect(report["longest_pause_us"] as? Double ?? 0 > 1000)
        #expect(CommandLineTool.code(of: bench) == 70)
    }
}

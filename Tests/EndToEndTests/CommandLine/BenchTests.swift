import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// `articlectl bench` when the service does not stay.
@Suite struct BenchTests {
    @Test(.timeLimit(.minutes(10))) func anInterruptEndsItWithTheFiguresSoFar() async throws {
        let service = try Service()
        let output = Pipe()
        let bench = CommandLineTool(service).process(["bench", "ping", "-c", "4", "-s", "3600", "--json"])
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
        let bench = CommandLineTool(service).process(["bench", "ping", "-c", "4", "-s", "4", "--json"])
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

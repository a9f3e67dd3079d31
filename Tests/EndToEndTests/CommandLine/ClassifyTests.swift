// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `articlectl classify` and `topics` with the real service and its model.
@Suite struct ClassifyTests {
    private static let report = """
        Đội tuyển Việt Nam thắng trận chung kết

        (Mic.gov.vn) - Đội tuyển bóng đá Việt Nam đã thắng trận chung kết với tỷ số 2-1. Hai bàn thắng của các cầu thủ tiền đạo được ghi ở hiệp hai. Huấn luyện viên khen ngợi các cầu thủ, thủ môn và hậu vệ.

        PQH
        """

    @Test func aStoredArticleKeepsItsTopics() throws {
        let tool = CommandLineTool(try Service(plugins: ["Store", "Fetch", "Classify", "LMDBStorage"]))
        let file = try tool.file("a.txt", Self.report)
        let id = try #require(try tool.run("store", "-q", file).lines.first)
        let result = try tool.run("classify", "--json", "--explain", "--write-back", id).json()
        let topics = try #require(result["topics"] as? [[String: Any]])
        #expect(topics.first?["slug"] as? String == "the-thao")
        #expect(result["undecided"] as? Bool == false)
        #expect((result["evidence"] as? [Any])?.isEmpty == false)
        #expect((result["stored"] as? [String: Any])?["revision"] as? Int == 2)
        #expect(try tool.run("list", "--topic", "the-thao").lines.count == 1)

        // Storing the file again does not take them away.
        let again = try tool.run("store", "--json", file).json()
        #expect(again["outcome"] as? String == "unchanged")
        #expect(again["revision"] as? Int == 2)
        #expect(try tool.run("list", "--topic", "the-thao").lines.count == 1)

        #expect(try tool.run("classify", "-", input: Array(Self.report.utf8)).text.contains("the-thao"))
        #expect(try tool.run("classify", file).text.contains("the-thao"))
        #expect(try tool.run("classify", "--write-back", file).code == 64)
        #expect(try tool.run("classify", "00000000-0000-7000-8000-000000000000").code == 1)
        #expect(try tool.run("topics").lines.count > 2)
        #expect((try tool.run("topics", "--json").json()["topics"] as? [Any])?.isEmpty == false)
    }

    /// Waits for what comes about by itself: 20 seconds at most.
    private func eventually(_ condition: () throws -> Bool) throws -> Bool {
        for _ in 0..<400 {
            if try condition() { return true }
            _ = poll(nil, 0, 50)
        }
        return false
    }

    @Test func aReloadUnderLoadLosesNoRequestAndRefusesABadModel() throws {
        let service = try Service(plugins: ["Store", "Fetch", "Classify", "LMDBStorage"])
        let tool = CommandLineTool(service)
        let bad = try tool.file("bad.topics", "no model")
        let bench = tool.process(
            ["bench", "classify", "--live", "--connections", "2", "--pipeline", "8", "--seconds", "4", "--json"])
        let result = service.directory.appending(path: "bench")
        _ = FileManager.default.createFile(atPath: result.path, contents: nil)
        bench.standardOutput = try FileHandle(forWritingTo: result)
        bench.standardError = nil
        bench.standardInput = nil
        try bench.run()
        for threshold in ["0.3", "0.5", "0.7"] {
            try service.reload("{plugins: {classify: {threshold: \(threshold)}}}")
            #expect(try eventually { try tool.run("topics", "--json").text.contains("\"threshold\":\(threshold)") })
        }
        // Nothing of it is applied: the model is checked first.
        try service.reload("{slowRequest: '9 s', plugins: {classify: {threshold: 0.9, model: '\(bad)'}}}")
        #expect(try eventually { service.told.contains("the configuration was not reloaded") })
        #expect(service.told.contains("articled.json5:1:66: plugins.classify.model: \(bad) is not a topic model"))
        #expect(!service.told.contains("changed: slowRequest"))
        #expect(try tool.run("topics", "--json").text.contains("\"threshold\":0.7"))
        bench.waitUntilExit()
        #expect(CommandLineTool.code(of: bench) == 0)
        let measured = try JSONSerialization.jsonObject(with: Data(contentsOf: result)) as? [String: Any] ?? [:]
        #expect((measured["requests"] as? Int ?? 0) > 0)
        #expect(measured["errors"] as? Int == 0)
    }
}

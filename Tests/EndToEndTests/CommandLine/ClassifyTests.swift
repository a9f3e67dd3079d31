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
}

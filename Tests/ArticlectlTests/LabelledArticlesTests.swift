// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import TopicTraining

@testable import articlectl

@Suite struct LabelledArticlesTests {
    private func read(_ files: [String: String], at name: String, map: [String] = []) throws -> (
        LabelledArticles, [String]
    ) {
        let directory = FileManager.default.temporaryDirectory.appending(path: "articlectl-labels-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files {
            let path = directory.appending(path: name)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: path)
        }
        var complaints: [String] = []
        let options = InputOptions(mapping: try RecordMapping(map))
        let path = name.isEmpty ? directory.path : directory.appending(path: name).path
        let articles = try LabelledArticles(path: path, options, notes: RecordNotes(asJSON: true)) {
            complaints.append($0.replacingOccurrences(of: directory.path + "/", with: ""))
        }
        return (articles, complaints)
    }

    @Test func recordsAreReadAsImportReadsThem() throws {
        let lines = """
            {"label": "Thể thao", "text": "một"}
            not json
            {"topics": [{"slug": "x", "score": 0.1}, {"slug": "suc-khoe", "score": 0.9}], "title": "hai", "body": "ba", "extra": [1]}

            {"category": "Kinh doanh", "headline": "bốn", "articleBody": "năm", "date": "gestern"}
            {"text": "sáu"}
            {"label": "x"}
            """
        let (articles, complaints) = try read(["data.jsonl": lines], at: "data.jsonl")
        #expect(articles.texts.map(\.label) == ["the-thao", "suc-khoe", "kinh-doanh"])
        #expect(articles.texts.map(\.parts) == [["một"], ["hai", "ba"], ["bốn", "năm"]])
        #expect(articles.names == ["the-thao": "Thể thao", "kinh-doanh": "Kinh doanh"])
        #expect(articles.skipped == 3)
        #expect(complaints.map { $0.prefix(13) } == ["data.jsonl:2:", "data.jsonl:6:", "data.jsonl:7:"])
    }

    @Test func aWrapperWithOtherNames() throws {
        let json = #"{"articles":[{"chuyen_muc":"Thể thao","noi_dung":"một"},{"chuyen_muc":"Y tế","noi_dung":"hai"}]}"#
        let (articles, _) = try read(
            ["data.json": json], at: "data.json", map: ["topics=chuyen_muc", "body=noi_dung"])
        #expect(articles.texts.map(\.label) == ["the-thao", "y-te"])
        #expect(articles.texts.map(\.parts) == [["một"], ["hai"]])
    }

    @Test func aFolderIsATopic() throws {
        let (articles, complaints) = try read(
            [
                "Thể thao/1.txt": "một", "Thể thao/b/2": "hai", "Y tế/3.json": #"{"text":"ba"}"#, "4.txt": "bốn",
                "Y tế/5.txt": "",
            ],
            at: "")
        #expect(articles.texts.map(\.label) == ["the-thao", "the-thao", "y-te"])
        #expect(articles.names["y-te"] == "Y tế")
        #expect(complaints.count == 2)
        #expect(complaints[0].contains("4.txt: no directory of a topic"))
        #expect(complaints[1].contains("5.txt: there is nothing in it"))
    }

    @Test func nothingToLearnFrom() throws {
        let failure = #expect(throws: CommandFailure.self) {
            _ = try self.read(["a.jsonl": "{\"text\":\"x\"}"], at: "a.jsonl")
        }
        #expect(failure?.message.contains("has no labelled article") == true)
        #expect(#expect(throws: CommandFailure.self) { _ = try self.read([:], at: "missing") }?.code == .noInput)
    }
}

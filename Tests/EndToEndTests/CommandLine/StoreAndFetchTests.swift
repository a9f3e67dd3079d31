// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `articlectl store`, `fetch`, `list`, `delete` with the real service.
@Suite struct StoreAndFetchTests {
    static let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/Articles/mic-can-tho-2009.txt")

    @Test func aMinistrysReportComesBackWhole() throws {
        let tool = CommandLineTool(try Service())
        let stored = try tool.run("store", "--quiet", Self.sample.path)
        #expect(stored.code == 0, "\(stored.complaints)")
        let id = try #require(stored.lines.first)

        let article = try tool.run("fetch", "--json", id).json()
        #expect(article["title"] as? String == "Đoàn công tác Bộ Thông tin và Truyền thông làm việc tại TP Cần Thơ")
        #expect(article["source"] as? String == "Mic.gov.vn")
        #expect(article["author"] as? String == "PQH")
        #expect(article["language"] as? String == "vi")
        #expect(article["rating"] as? [String: Int] == ["count": 0, "sum": 0])
        let body = try #require(article["body"] as? String)
        #expect(body.split(separator: "\n").count == 4)
        #expect(body.hasPrefix("(Mic.gov.vn) -"))
        #expect(body.hasSuffix("trên địa bàn."))

        #expect(try tool.run("fetch", "--raw", id).output == Array(try Data(contentsOf: Self.sample)))
        let page = try tool.run("fetch", id)
        #expect(page.text.contains("Mic.gov.vn · PQH · "))
        for paragraph in body.split(separator: "\n") { #expect(page.text.contains(paragraph)) }

        let again = try tool.run("store", "--json", Self.sample.path).json()
        #expect(again["outcome"] as? String == "unchanged")
        #expect(again["id"] as? String == id)
        #expect(again["revision"] as? Int == 1)
    }

    @Test func textInNFDAndWithOtherLineEnds() throws {
        let tool = CommandLineTool(try Service())
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        for (number, variant) in [
            text.decomposedStringWithCanonicalMapping, "\u{feff}" + text.replacingOccurrences(of: "\n", with: "\r\n"),
        ].enumerated() {
            let file = try tool.file("\(number).txt", variant)
            let id = try #require(try tool.run("store", "-q", file).lines.first)
            let article = try tool.run("fetch", "--json", id).json()
            #expect(article["source"] as? String == "Mic.gov.vn")
            #expect(article["author"] as? String == "PQH")
            #expect(try tool.run("fetch", "--raw", id).output == Array(variant.utf8))
        }
        #expect(try tool.run("list", "--source", "Mic.gov.vn").lines.count == 2)
    }

    @Test func byURLWithRevisions() throws {
        let tool = CommandLineTool(try Service())
        let url = "https://mic.gov.vn/1"
        func store(_ text: String, _ options: String...) throws -> CommandLineTool.Outcome {
            try tool.run(["store", "--json", "--url", url] + options + ["-"], input: Array(text.utf8))
        }
        #expect(try store("Một\n\nThân.", "--expected-revision", "0").json()["outcome"] as? String == "created")
        #expect(try store("Hai\n\nThân.", "--expected-revision", "1").json()["outcome"] as? String == "updated")
        let late = try store("Ba\n\nThân.", "--expected-revision", "1")
        #expect(late.code == 73)
        #expect(late.output.isEmpty && !late.complaints.isEmpty)
        #expect(try tool.run("fetch", "--json", url).json()["title"] as? String == "Hai")
        #expect(try tool.run("delete", url, "--expected-revision", "1").code == 73)
        #expect(try tool.run("delete", url).code == 0)
        #expect(try tool.run("delete", url).code == 1)
        let gone = try tool.run("fetch", url)
        #expect(gone.code == 1)
        #expect(gone.complaints.contains("no article \(url)"))
    }

    @Test func oneBadFileDoesNotStopTheOthers() throws {
        let tool = CommandLineTool(try Service())
        let good = try tool.file("good.txt", "Tựa đề\n\nThân.")
        let empty = try tool.file("empty.txt", "\n")
        let run = try tool.run("store", "/nonexistent", empty, good)
        #expect(run.lines.count == 1)
        #expect(run.lines.first?.hasSuffix("Tựa đề") == true)
        #expect(run.complaints.contains("/nonexistent: No such file"))
        #expect(run.complaints.contains("empty.txt: there is no"))
        #expect(run.code == 65 || run.code == 66)
        #expect(try tool.run("store", "/nonexistent").code == 66)
        #expect(try tool.run("store", empty).code == 65)
    }

    @Test func listsByTopicTimeAndCursor() throws {
        let tool = CommandLineTool(try Service())
        for day in 1...5 {
            let topic = day % 2 == 0 ? "Kinh doanh" : "Thể thao"
            let run = try tool.run(
                ["store", "-q", "--published", "2009-06-0\(day)T12:00Z", "--topic", topic, "-"],
                input: Array("Tin \(day)\n\nThân.".utf8))
            #expect(run.code == 0, "\(run.complaints)")
        }
        func titles(_ options: String...) throws -> [String] {
            try tool.run(["list"] + options).lines.map { String($0.split(separator: "\t").last ?? "") }
        }
        #expect(try titles() == ["Tin 5", "Tin 4", "Tin 3", "Tin 2", "Tin 1"])
        #expect(try titles("--topic", "kinh-doanh") == ["Tin 4", "Tin 2"])
        #expect(try titles("--topic", "Thể thao", "--limit", "2") == ["Tin 5", "Tin 3"])
        #expect(try titles("--from", "2009-06-02T12:00Z", "--until", "2009-06-04T12:00Z") == ["Tin 3", "Tin 2"])
        let first = try tool.run("list", "--json", "--limit", "1").json()
        let cursor = try #require(first["cursor"] as? String)
        _ = try tool.run("delete", try #require(first["id"] as? String))
        #expect(try titles("--cursor", cursor, "-n2") == ["Tin 4", "Tin 3"])
        #expect(try titles("--source", "nobody") == [])
    }

    @Test func usageAndHelp() throws {
        let tool = CommandLineTool(try Service())
        let typo = try tool.run("fecth", "x")
        #expect(typo.code == 64)
        #expect(typo.complaints.contains("did you mean `articlectl fetch`?"))
        for command in ["store", "fetch", "list", "import", "bench"] {
            let help = try tool.run(command, "--help")
            #expect(help.code == 0)
            #expect(help.text.contains("examples:"))
        }
        #expect(try tool.run("help", "exit-codes").text.contains("73"))
        #expect(try tool.run().code == 64)
        #expect(try tool.run("--version").text.hasPrefix("articlectl "))
    }

    @Test func withoutAService() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let run = try tool.run("ping", "--socket", service.directory.path + "/nobody")
        #expect(run.code == 69)
        #expect(run.complaints.contains("systemctl"))
        // The same for a program: one object on standard error, the same exit code, and nothing on standard output.
        let json = try tool.run("ping", "--json", "--socket", service.directory.path + "/nobody")
        #expect(json.code == 69)
        #expect(json.output.isEmpty)
        let object = try JSONSerialization.jsonObject(with: Data(json.complaints.utf8)) as? [String: Any]
        let error = try #require(object?["error"] as? [String: Any])
        #expect(error["code"] as? String == "unavailable")
        #expect(error["exit"] as? Int == 69)
        #expect((error["message"] as? String)?.contains("systemctl enable --now articled.socket") == true)
        let usage = try tool.run("ping", "--nonsense", "--json")
        #expect(usage.code == 64)
        #expect(usage.complaints.hasPrefix(#"{"error":{"code":"usage""#))
        let lacking = try tool.run("topics")
        #expect(lacking.code == 69)
        #expect(lacking.complaints.contains("plugin"))
    }

    @Test func statusPluginsAndPing() throws {
        let tool = CommandLineTool(try Service())
        let status = try tool.run("status", "--json").json()
        #expect((status["health"] as? [String: Any])?["state"] as? String == "healthy")
        #expect((status["storage"] as? [String: Any])?["records"] as? Int == 0)
        #expect(try tool.run("status").text.contains("is healthy"))
        #expect(try tool.run("plugins").text.contains("store.putMany"))
        #expect(try tool.run("ping", "-n", "3", "--json").json()["count"] as? Int == 3)
    }
}

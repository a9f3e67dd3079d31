// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

@testable import PostgreSQLServer

/// One article by every form of its URL, and articles that were stored under other keys.
@Suite struct URLTests {
    private static func url(_ run: CommandLineTool.Outcome) throws -> String? { try run.json()["url"] as? String }

    @Test func everyFormIsOneArticle() throws {
        let tool = CommandLineTool(try Service())
        let forms = [
            "https://vnexpress.net/t%C3%ACm", "HTTPS://VNExpress.net:443/t%c3%acm", "https://vnexpress.net/./tìm",
        ]
        let file = try tool.file("a.jsonl", forms.map { #"{"url":"\#($0)","title":"một"}"# }.joined(separator: "\n"))
        let report = try tool.run("import", "--json", file).json()
        #expect(report["created"] as? Int == 1 && report["updated"] as? Int == 2)
        // The text is the one that was given last.
        for form in forms { #expect(try Self.url(tool.run("fetch", "--json", form)) == forms[2]) }
        #expect(try tool.run("fetch", forms[0] + "#x").code == 1)
        #expect(try tool.run("delete", forms[1]).code == 0)
        #expect(try tool.run("list").lines.filter { $0.contains("một") }.isEmpty)
    }

    @Test func stripQuery() throws {
        let tool = CommandLineTool(try Service())
        let file = try tool.file("a.json", #"{"url":"https://A.vn/1?utm_source=x&id=1&fbclid=y","title":"một"}"#)
        #expect(try tool.run("store", "--strip-query", "utm_*,fbclid", file).code == 0)
        #expect(try Self.url(tool.run("fetch", "--json", "https://a.vn/1?id=1")) == "https://A.vn/1?id=1")
        let wrong = try tool.run("import", "--strip-query", "a=b", file)
        #expect(wrong.code == 64 && wrong.complaints.contains("--strip-query"))
    }

    /// Keys follow the configuration, whatever they were when the articles were stored.
    @Test(arguments: [false, true]) func storedUnderOtherKeys(_ isPostgreSQL: Bool) throws {
        var plugins = ["Store", "Fetch", "Changes", "LMDBStorage"]
        var engine = ""
        var cluster: Cluster?
        if isPostgreSQL {
            let server = try Cluster()
            cluster = server
            plugins[3] = "PostgreSQLStorage"
            engine =
                "plugins: { 'postgresql-storage': { connection: \"\(server.connection(try server.database()))\" } }"
        }
        defer { withExtendedLifetime(cluster) {} }
        let service = try Service(plugins: plugins, configuration: "{ \(engine) }")
        let tool = CommandLineTool(service)
        var lines = (0..<600).map { #"{"url":"https://a.vn/\#($0)?utm_source=x","title":"\#($0)"}"# }
        // Two that become the same one, and one that is no other.
        lines += [#"{"url":"https://a.vn/7","title":"mới"}"#, #"{"url":"https://b.vn/?p=1","title":"b"}"#]
        #expect(try tool.run("import", "--json", tool.file("a.jsonl", lines.joined(separator: "\n"))).code == 0)
        #expect(try tool.run("fetch", "https://a.vn/1").code == 1)
        let ids = try Set(tool.run("list").lines.map { $0.prefix(36) })

        let configuration = "{ stripQuery: ['utm_*'], \(engine) }"
        func wait(for text: String) throws {
            var left = 3000
            while !service.told.contains(text), left > 0 {
                _ = poll(nil, 0, 10)
                left -= 1
            }
            try #require(service.told.contains(text), "\(service.told)")
        }
        try service.restart(after: SIGTERM) {
            try configuration.write(
                to: service.directory.appending(path: "articled.json5"), atomically: true, encoding: .utf8)
        }
        try wait(for: "599 articles are found by every form of their URL now")
        try wait(for: "1 articles have a URL that is the same as another article's")
        for number in [0, 1, 300, 599] {
            let found = try tool.run("fetch", "--json", "https://a.vn/\(number)?utm_medium=y").json()
            #expect(found["url"] as? String == "https://a.vn/\(number)?utm_source=x")
        }
        // Both are still there, each by its own URL, and neither becomes a third.
        #expect(try tool.run("fetch", "--json", "https://a.vn/7").json()["title"] as? String == "mới")
        #expect(try tool.run("fetch", "--json", "https://a.vn/7?utm_source=x").json()["title"] as? String == "7")
        let again = try tool.run("import", "--json", tool.file("a.jsonl", lines.joined(separator: "\n"))).json()
        #expect(again["unchanged"] as? Int == lines.count)
        #expect(try Set(tool.run("list").lines.map { $0.prefix(36) }) == ids)
        if !isPostgreSQL { #expect(try tool.run("verify").code == 0) }

        // And back.
        try service.restart(after: SIGKILL) {
            try "{ \(engine) }".write(
                to: service.directory.appending(path: "articled.json5"), atomically: true, encoding: .utf8)
        }
        var left = 3000
        while try tool.run("fetch", "https://a.vn/1").code == 0, left > 0 {
            _ = poll(nil, 0, 10)
            left -= 1
        }
        #expect(try tool.run("fetch", "https://a.vn/1").code == 1)
        #expect(try tool.run("fetch", "https://a.vn/1?utm_source=x").code == 0)
    }
}

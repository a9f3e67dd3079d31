// SPDX-License-Identifier: Apache-2.0

import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// `articlectl delete` with filters, against the real service.
@Suite struct DeleteTests {
    /// Articles 0 to 599: of source A or B by turns, published on the day of their number from 2000-01-01 on.
    private func filled() throws -> (Service, CommandLineTool) {
        let service = try Service()
        let tool = CommandLineTool(service)
        let lines = (0..<600).map { number in
            let time = 946_684_800_000 + number * 86_400_000
            return "{\"id\":\"\(number)\",\"title\":\"Tin \(number)\",\"source\":\"\(number % 2 == 0 ? "A" : "B")\","
                + "\"topic\":\"Kinh doanh\",\"language\":\"vi\",\"published_at\":\(time)}\n"
        }
        #expect(try tool.run("import", tool.file("a.jsonl", lines.joined())).code == 0)
        return (service, tool)
    }

    private func count(_ tool: CommandLineTool) throws -> Int { try tool.run("list").lines.count }

    @Test func whatMatchesIsCountedAndDeleted() throws {
        let (_, tool) = try filled()
        let dry = try tool.run("delete", "--source", "A", "--before", "2000-01-11T00:00Z", "--dry-run")
        #expect(dry.code == 0)
        #expect(dry.text == "5 articles would be deleted\n")
        #expect(try count(tool) == 600)
        let run = try tool.run("delete", "--source", "A", "--before", "2000-01-11T00:00Z", "--yes")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.text == "5 articles deleted\n")
        #expect(try count(tool) == 595)
        #expect(try tool.run("delete", "--source", "A", "--before", "2000-01-11T00:00Z").text == "no articles match\n")

        // The names that `list` has for the same.
        let other = try tool.run(
            "delete", "--source", "A", "--from", "2000-01-11T00:00Z", "--until", "2000-01-12T00:00Z", "--dry-run")
        let same = try tool.run(
            "delete", "--source", "A", "--after", "2000-01-11T00:00Z", "--before", "2000-01-12T00:00Z", "--dry-run")
        #expect(other.text == "1 article would be deleted\n" && same.text == other.text)
        let listed = try tool.run(
            "list", "--source", "A", "--after", "2000-01-11T00:00Z", "--before", "2000-01-12T00:00Z")
        #expect(listed.lines.count == 1)
        #expect(try tool.run("list", "--from", "7d", "--after", "7d").code == 64)
        let rest = try tool.run("delete", "--topic", "Kinh doanh", "--after", "2000-01-11T00:00Z", "--yes", "--json")
        #expect(try rest.json()["deleted"] as? Int == 590)
        #expect(try rest.json()["matching"] as? Int == 590)
        #expect(try count(tool) == 5)
        #expect(try tool.run("delete", "--all", "--count", "5").text == "5 articles deleted\n")
        #expect(try count(tool) == 0)
    }

    @Test func withoutATerminalTheNumberMustBeGiven() throws {
        let (_, tool) = try filled()
        let run = try tool.run("delete", "--language", "vi", input: Array("600\n".utf8))
        #expect(run.code == 64)
        #expect(run.complaints.contains("600 articles match, and there is no terminal to ask at: nothing was deleted"))
        let wrong = try tool.run("delete", "--language", "vi", "--count", "599")
        #expect(wrong.code == 73)
        #expect(wrong.complaints.contains("600 articles match, not 599: nothing was deleted"))
        #expect(try count(tool) == 600)
    }

    /// Nothing may be taken for "every article" but --all.
    @Test func aFilterThatNamesNothingIsRefused() throws {
        let (_, tool) = try filled()
        for words in [
            ["--topic", ""], ["--topic", "!?"], ["--source", ""], ["--language", ""], ["--before", "soon"], [],
            ["--all", "--topic", "x"], ["--count", "3"], ["--topic", "x", "https://example.org/a"],
            ["--topic", "x", "--expected-revision", "3"],
        ] {
            #expect(try tool.run(["delete"] + words + ["--yes"]).code == 64, "\(words)")
        }
        #expect(try count(tool) == 600)
    }

    @Test(arguments: [("600", 0), ("60", 600), ("", 600)]) func atATerminalTheNumberIsTyped(typed: String, left: Int)
        throws
    {
        let (_, tool) = try filled()
        let terminal = try PseudoTerminal()
        let run = tool.process(["delete", "--topic", "kinh-doanh"])
        run.standardInput = terminal.handle
        run.standardOutput = nil
        run.standardError = terminal.handle
        try run.run()
        let said = try terminal.read(until: "Type their number to go on: ")
        #expect(said.contains("600 articles will be deleted; there is no way back."))
        try terminal.type(typed + "\n")
        run.waitUntilExit()
        #expect(CommandLineTool.code(of: run) == (left == 0 ? 0 : 73))
        #expect(try count(tool) == left)
    }

    /// Between the count and the answer somebody changes one article, deletes one and stores one.
    @Test func whatChangesMeanwhileStays() async throws {
        let (service, tool) = try filled()
        let terminal = try PseudoTerminal()
        let run = tool.process(["delete", "--source", "A", "--json"])
        let output = Pipe()
        run.standardInput = terminal.handle
        run.standardOutput = output
        run.standardError = terminal.handle
        try run.run()
        _ = try terminal.read(until: "Type their number to go on: ")
        let client = ArticleClient(endpoint: .unix(path: service.socketPath))
        var ids: [ArticleID] = []
        for try await item in client.list(ListRequest(source: "A", limit: 2)) {
            ids.append(try #require(item.article.id))
        }
        var changed = try await client.get(id: ids[0])
        changed.title = "Đã sửa"
        _ = try await client.put(changed)
        _ = try await client.delete(id: ids[1])
        _ = try await client.put(Article(source: "A", title: "Mới"))
        try terminal.type("300\n")
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        run.waitUntilExit()
        #expect(CommandLineTool.code(of: run) == 0)
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(report["deleted"] as? Int == 298)
        #expect(report["changed"] as? Int == 1)
        #expect(report["gone"] as? Int == 1)
        #expect(report["failed"] as? Int == 0)
        #expect(try tool.run("list", "--source", "A").lines.count == 2)
        await client.close()
    }
}

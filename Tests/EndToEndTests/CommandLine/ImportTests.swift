// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

/// `articlectl import` and `export` with the real service.
@Suite struct ImportTests {
    private static func record(_ number: Int) -> String {
        #"{"id":"x/\#(number).txt","label":"Đời sống","text":"Tin số \#(number). \#(String(repeating: "Một câu nữa. ", count: 20))"}"#
    }

    static func collection(_ numbers: Range<Int>) -> String { numbers.map { record($0) + "\n" }.joined() }

    @Test func badRecordsAreReportedAndTheRestIsStored() throws {
        let tool = CommandLineTool(try Service())
        let file = try tool.file(
            "a.jsonl", Self.collection(0..<300) + "broken\n{\"id\":7}\n" + Self.collection(300..<500))
        let run = try tool.run("import", "--json", file)
        #expect(run.code == 65)
        #expect(run.complaints.contains("a.jsonl:301: invalid JSON"))
        #expect(run.complaints.contains("a.jsonl:302: "))
        let report = try run.json()
        #expect(report["created"] as? Int == 500)
        #expect(report["rejected"] as? Int == 2)
        #expect(try tool.run("list", "--topic", "doi-song").lines.count == 500)

        let again = try tool.run("import", "--json", file).json()
        #expect(again["created"] as? Int == 0)
        #expect(again["unchanged"] as? Int == 500)
    }

    /// A record that only the service refuses is named as well.
    @Test func whatTheServiceRefusesIsNamed() throws {
        let tool = CommandLineTool(try Service())
        let title = String(repeating: "x", count: 5000)
        let file = try tool.file("a.jsonl", "{\"title\":\"1\"}\n{\"title\":\"\(title)\"}\n{\"title\":\"3\"}\n")
        let run = try tool.run("import", "--json", file)
        #expect(run.code == 65)
        #expect(run.complaints.contains("a.jsonl:2: "))
        #expect(try run.json()["created"] as? Int == 2)
    }

    @Test func aTreeOfTextFiles() throws {
        let tool = CommandLineTool(try Service())
        let tree = tool.directory.appending(path: "tree")
        try FileManager.default.createDirectory(at: tree.appending(path: "2009"), withIntermediateDirectories: true)
        for number in 0..<10 {
            _ = try tool.file("tree/2009/\(number).txt", "Tựa \(number)\n\n(Mic.gov.vn) - Thân bài.\n")
        }
        #expect(try tool.run("import", "--json", tree.path).json()["created"] as? Int == 10)
        _ = try tool.file("tree/2009/3.txt", "Tựa 3, đã sửa\n\n(Mic.gov.vn) - Thân bài.\n")
        let again = try tool.run("import", "--json", tree.path).json()
        #expect(again["updated"] as? Int == 1)
        #expect(again["unchanged"] as? Int == 9)
        #expect(try tool.run("list", "--source", "Mic.gov.vn").lines.count == 10)
    }

    /// What the service adds to an article does not count in its 12 MiB: the largest comes back as well.
    @Test func theLargestArticleComesBack() throws {
        let tool = CommandLineTool(try Service())
        // Of the encoded article all but the values are 5 bytes for the body, 12 or 14 for each attribute.
        var left = (12 << 20) - (8 << 20) - 5
        var attributes: [String: String] = [:]
        while left > 0 {
            let size = left > 80_000 ? 60_000 : left > 16_000 ? 12_000 : left - 12
            attributes["k\(attributes.count + 100)"] = String(repeating: "b", count: size)
            left -= size + (size > 16_000 ? 14 : 12)
        }
        let record: [String: Any] = [
            "id": "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f", "body": String(repeating: "a", count: 8 << 20),
            "attributes": attributes,
        ]
        let stored = try tool.run(["import", "-"], input: Array(JSONSerialization.data(withJSONObject: record)))
        #expect(stored.code == 0, "\(stored.complaints)")
        let again = try tool.run(["import", "--json", "-"], input: try tool.run("export").output)
        #expect(again.code == 0, "\(again.complaints)")
        #expect(try again.json()["unchanged"] as? Int == 1)
    }

    @Test func exportComesBackWithoutLoss() throws {
        let tool = CommandLineTool(try Service())
        _ = try tool.run("store", StoreAndFetchTests.sample.path)
        let file = try tool.file("a.jsonl", Self.collection(0..<100))
        _ = try tool.run("import", file)
        let export = try tool.run("export")
        #expect(export.lines.count == 101)

        let other = CommandLineTool(try Service())
        #expect(try other.run("import", "--json", "-", input: export.output).json()["created"] as? Int == 101)
        let back = try other.run("export")
        func contents(_ lines: [String]) throws -> Set<String> {
            Set(
                try lines.map { line in
                    var article = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                    article["stored_at"] = nil
                    return String(
                        decoding: try JSONSerialization.data(withJSONObject: article, options: .sortedKeys),
                        as: UTF8.self)
                })
        }
        #expect(try contents(back.lines) == contents(export.lines))
    }

    /// Only who may administer the service can set `created_at`; others store the articles without it.
    @Test func createdAt() throws {
        let service = try Service(configuration: "{ access: { tcp: ['read', 'write'] } }", tcp: true)
        let tool = CommandLineTool(service)
        func record(_ number: Int, _ time: String) -> String {
            #"{"url":"u:\#(number)","title":"\#(number)","revision":3,"created_at":"\#(time)","stored_at":"\#(time)"}"#
                + "\n"
        }
        let old = "2009-06-15T03:20:00.007Z"
        let file = try tool.file("a.jsonl", (0..<20).map { record($0, old) }.joined())
        let endpoint = "tcp:127.0.0.1:\(service.tcpPort)"
        let denied = try tool.run("import", "--json", "--endpoint", endpoint, file)
        #expect(denied.code == 0 && denied.complaints.contains("created_at is not kept"))
        #expect(try denied.json()["created"] as? Int == 20)
        #expect(try tool.run("fetch", "--json", "u:7").json()["created_at"] as? String != old)
        #expect(try tool.run("store", "--endpoint", endpoint, file).complaints.contains("created_at is not kept"))
        // The same by an administrator.
        let kept = try tool.run("import", "--json", file)
        #expect(kept.code == 0 && kept.complaints.isEmpty)
        #expect(try kept.json()["updated"] as? Int == 20)
        #expect(try tool.run("fetch", "--json", "u:7").json()["created_at"] as? String == old)
        #expect(try tool.run("import", "--json", file).json()["unchanged"] as? Int == 20)
        // Not after now, whatever another clock has said.
        let ahead = try tool.file("b.jsonl", record(1, "9999-01-01T00:00:00Z"))
        #expect(try tool.run("store", ahead).code == 0)
        let fetched = try tool.run("fetch", "--json", "u:1").json()
        let (created, stored) = (fetched["created_at"] as? String ?? "", fetched["stored_at"] as? String ?? "")
        #expect(created <= stored && created > old)
        // Of a record that no service has exported, it is an attribute.
        let foreign = try tool.file("c.jsonl", #"{"url":"u:x","title":"x","created_at":"2001-01-01"}"#)
        #expect(try tool.run("store", foreign).code == 0)
        let attributes = try tool.run("fetch", "--json", "u:x").json()["attributes"] as? [String: String]
        #expect(attributes == ["created_at": "2001-01-01"])
    }

    @Test func keepLeavesAloneWhatIsThere() throws {
        let tool = CommandLineTool(try Service())
        let file = try tool.file("a.jsonl", "{\"url\":\"u:1\",\"title\":\"một\"}\n")
        _ = try tool.run("import", file)
        _ = try tool.file("a.jsonl", "{\"url\":\"u:1\",\"title\":\"hai\"}\n{\"url\":\"u:2\",\"title\":\"ba\"}\n")
        let run = try tool.run("import", "--keep", "--json", file)
        #expect(run.code == 0, "\(run.complaints)")
        #expect(try run.json()["created"] as? Int == 1)
        #expect(try tool.run("fetch", "--json", "u:1").json()["title"] as? String == "một")
    }

    @Test func stoppedAndBegunAgain() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let process = tool.process(["import", "--json", "--namespace", "n", "-"])
        let (input, output, complaints) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, complaints)
        try process.run()
        input.fileHandleForWriting.write(Data((Self.collection(0..<50) + Self.record(50).prefix(40)).utf8))
        // The pipe stays open: it waits for the rest of the line.
        let waitUntil = Date.now.addingTimeInterval(60)
        while try tool.run("list").lines.count < 50, Date.now < waitUntil {}
        process.interrupt()
        process.waitUntilExit()
        #expect(CommandLineTool.code(of: process) == 130)
        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(said.contains("run the same command again"))
        let report =
            try JSONSerialization.jsonObject(with: output.fileHandleForReading.readDataToEndOfFile()) as? [String: Any]
        #expect(report?["created"] as? Int == 50)
        #expect(report?["rejected"] as? Int == 0)

        let again = try tool.run(
            "import", "--json", "--namespace", "n", "-", input: Array(Self.collection(0..<100).utf8)
        ).json()
        #expect(again["created"] as? Int == 50)
        #expect(again["unchanged"] as? Int == 50)
    }

    @Test func missingInputs() throws {
        let tool = CommandLineTool(try Service())
        #expect(try tool.run("import", "/nonexistent").code == 66)
        #expect(try tool.run("import", tool.directory.appending(path: "plugins").path).code == 66)
    }

    /// The program goes on by itself, each time, and what it counts in the end is what is there.
    @Test(.timeLimit(.minutes(10)), arguments: [[], ["--keep"]])
    func anImportOutlivesTheService(options: [String]) throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let file = try tool.file("a.jsonl", Self.collection(0..<20_000))
        let output = Pipe()
        let process = tool.process(["import", "--json"] + options + [file])
        let complaints = try tool.file("complaints", "")
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: complaints)
        try process.run()
        var kills = 0
        while process.isRunning, kills < 5 {
            _ = poll(nil, 0, 150)  // in which some thousand are stored
            try service.restart(after: SIGKILL)
            kills += 1
        }
        process.waitUntilExit()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let complained = try String(contentsOfFile: complaints, encoding: .utf8)
        #expect(CommandLineTool.code(of: process) == 0, "\(report), \(complained)")
        let counts = ["created", "updated", "unchanged", "rejected"].map { report[$0] as? Int ?? -1 }
        #expect(counts.reduce(0, +) == 20_000)
        #expect(counts[1] == 0 && counts[3] == 0, "\(report)")
        let listed = try tool.run("list", "--topic", "doi-song")
        #expect(listed.lines.count == 20_000, "\(listed.lines.count), \(listed.code): \(listed.lines.suffix(2))")
        #expect(kills > 1, "else it shows nothing")
    }
}

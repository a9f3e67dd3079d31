// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// verify, backup and the scrub, with the real programs.
@Suite struct CareTests {
    private func stored(_ tool: CommandLineTool, _ count: Int) throws -> [String] {
        try (0..<count).map { number in
            let text = "Bài \(number)\n\n" + String(repeating: "Một câu của bài số \(number). ", count: 100)
            return try #require(try tool.run("store", "-q", try tool.file("\(number).txt", text)).lines.first)
        }
    }

    private func heap(_ tool: CommandLineTool) -> URL { tool.directory.appending(path: "state/articles.mdb-records") }

    /// Flips a bit in the content that has the text.
    private func damage(_ heap: URL, _ text: String) throws {
        let file = try FileHandle(forUpdating: heap)
        defer { try? file.close() }
        let bytes = try #require(try file.readToEnd())
        let place = try #require(bytes.firstRange(of: Data(text.utf8))).lowerBound
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [bytes[place] ^ 1])
    }

    @Test func verifyNamesWhatIsDamaged() throws {
        let tool = CommandLineTool(try Service())
        let ids = try stored(tool, 5)
        let sound = try tool.run("verify")
        #expect(sound.code == 0, "\(sound.complaints)")
        #expect(sound.text.hasPrefix("sound: 5 articles ("))
        try damage(heap(tool), "Một câu của bài số 3. ")
        let damaged = try tool.run("verify")
        #expect(damaged.code == 74)
        #expect(damaged.lines.count == 2)
        #expect(damaged.lines.first?.hasPrefix(ids[3] + "  its content does not match its checksum") == true)
        #expect(damaged.lines.last?.hasPrefix("damaged: 1 finding; 5 articles") == true)
        let json = try tool.run("verify", "--json").json()
        #expect(json["sound"] as? Bool == false)
        #expect((json["findings"] as? [[String: Any]])?.first?["id"] as? String == ids[3])

        let status = try tool.run("status", "--json").json()
        #expect((status["health"] as? [String: Any])?["state"] as? String == "degraded")
        let scrub = (status["storage"] as? [String: Any])?["scrub"] as? [String: Any]
        #expect(scrub?["damaged"] as? Int == 1 && scrub?["records"] as? Int == 5)
        #expect(try tool.run("status").text.contains(": 1 finding, see `articlectl verify`"))
        let metrics = try OpenMetrics(try tool.run("metrics").text)
        #expect(metrics.value("articled_storage_scrub_findings") == 1)
        #expect(metrics.value("articled_storage_scrub_end_time_seconds") ?? 0 > 1_600_000_000)
    }

    /// Each call watches for as long as it may; the next one does not end at once.
    @Test func aShortDeadlineTakesFewCalls() throws {
        let tool = CommandLineTool(try Service())
        let lines = (0..<3000).map { #"{"url": "https://bao.vn/\#($0)", "title": "Tin \#($0)", "body": "Nội dung"}"# }
        let file = try tool.file("many.jsonl", lines.joined(separator: "\n"))
        #expect(try tool.run("import", file).code == 0)
        #expect(try tool.run("verify", "--timeout", "1").code == 0)
        let metrics = try OpenMetrics(try tool.run("metrics").text)
        let calls = metrics.value("articled_requests_total", ["method": "storage.verify", "code": "OK"]) ?? 0
        #expect((1...20).contains(calls))
    }

    @Test func aServiceStartsOnABackup() async throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let ids = try stored(tool, 5)
        #expect(try tool.run("delete", ids[4]).code == 0)
        let before = try tool.run("export").text
        let target = tool.directory.appending(path: "copy")
        func lastBackup(_ tool: CommandLineTool) throws -> Double? {
            try OpenMetrics(tool.run("metrics").text).value("articled_storage_backup_end_time_seconds")
        }
        #expect(try lastBackup(tool) == 0)
        let outcome = try tool.run("backup", target.path)
        #expect(outcome.code == 0, "\(outcome.complaints)")
        #expect(try abs(Date.now.timeIntervalSince1970 - (lastBackup(tool) ?? 0)) < 60)
        #expect(outcome.text.hasPrefix("complete: 4 articles as of "))
        let again = try tool.run("backup", target.path)
        #expect(again.code == 73 && again.complaints.contains("is not empty"))
        // A relative path is one of this directory, also with "..", and behind a symbolic link.
        let inner = tool.directory.appending(path: "a/b")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: tool.directory.appending(path: "link"), withDestinationURL: inner)
        for (path, name) in [("./link/../second", "a/second"), ("a/b/../../third", "third")] {
            let relative = tool.process([])
            let program = Service.products.appending(path: "articlectl").path
            relative.executableURL = URL(filePath: "/bin/sh")
            let line = "cd \"$1\" && exec \"$2\" backup \"$3\""
            relative.arguments = ["-c", line, "sh", tool.directory.path, program, path]
            relative.standardOutput = nil
            try relative.run()
            relative.waitUntilExit()
            #expect(relative.terminationStatus == 0)
            #expect(FileManager.default.fileExists(atPath: tool.directory.appending(path: name).path), "\(name)")
        }
        let json = try tool.run("backup", "--json").json()
        let directory = try #require(json["directory"] as? String)
        #expect(directory.hasPrefix(tool.directory.appending(path: "state/backups/").path))

        let other = CommandLineTool(try Service(state: target))
        #expect(try other.run("export").text == before)
        #expect(try lastBackup(other) == 0, "nobody has copied the copy")
        let disk = try OpenMetrics(other.run("metrics").text)
        let (free, size) = (disk.value("articled_disk_free_bytes") ?? 0, disk.value("articled_disk_size_bytes") ?? 0)
        #expect(free > 1e6 && size > free)
        #expect(try other.run("verify").code == 0)
        #expect(try stored(other, 1).count == 1)
    }

    @Test func aBackupOfADamagedStoreSaysWhatIsMissing() throws {
        let tool = CommandLineTool(try Service())
        let ids = try stored(tool, 5)
        try damage(heap(tool), "Một câu của bài số 3. ")
        let outcome = try tool.run("backup", tool.directory.appending(path: "copy").path)
        #expect(outcome.code == 74)
        #expect(outcome.lines.first?.hasPrefix(ids[3]) == true)
        #expect(outcome.lines.last?.hasPrefix("incomplete: 1 damaged article is missing; 4 articles") == true)
    }

    /// Damage is found without anyone asking.
    @Test(.timeLimit(.minutes(5))) func theScrubTellsTheJournal() throws {
        let service = try Service(configuration: #"{ plugins: { "lmdb-storage": { scrub: "1 s" } } }"#)
        let tool = CommandLineTool(service)
        let ids = try stored(tool, 3)
        try damage(heap(tool), "Một câu của bài số 1. ")
        while try tool.run("status", "--json").json()["health"].map({ "\($0)" })?.contains("degraded") != true {
            _ = poll(nil, 0, 100)
        }
        #expect(service.told.contains("the article \(ids[1]): its content does not match its checksum"))
    }

    @Test func itIsForAdministrators() throws {
        let plugins = try CommandLineTool(try Service()).run("plugins").lines
        for method in ["storage.verify", "storage.backup"] {
            #expect(plugins.first { $0.contains(method) }?.hasSuffix(", admin") == true)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

/// How articlectl is called, and how it ends: options, descriptors, exit codes, signals.
@Suite struct InvocationTests {
    private static let articled = Service.products.appending(path: "articled").path
    private static let articlectl = Service.products.appending(path: "articlectl").path

    /// Runs it with the shell's redirections.
    private func shell(_ tool: CommandLineTool, _ line: String) throws -> (code: Int32, complaints: String) {
        let process = tool.process(["-c", line])
        let complaints = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.standardError = complaints
        try process.run()
        let text = complaints.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (CommandLineTool.code(of: process), String(decoding: text, as: UTF8.self))
    }

    @Test func optionsBeforeTheCommand() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let run = try tool.run("--socket", service.socketPath, "--json", "ping")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(try run.json()["count"] as? Int == 1)
        let wrong = try tool.run("--limit", "3", "list")
        #expect(wrong.code == 64)
        #expect(wrong.complaints.contains("--limit is none"))
    }

    @Test func helpOfHelp() throws {
        let tool = CommandLineTool(try Service())
        for words in [["help", "help"], ["help", "--help"]] {
            let run = try tool.run(words)
            #expect(run.code == 0, "\(run.complaints)")
            #expect(run.text.hasPrefix("usage: articlectl help"))
        }
        #expect(try tool.run("--help").text.contains("usage: articlectl COMMAND"))
        #expect(try tool.run("--help", "list").text.hasPrefix("usage: articlectl list"))
        #expect(try tool.run("help", "nonsense").code == 64)
        for words in [
            ["help", "--json"], ["--json", "help", "list"], ["help", "exit-codes", "--json"], ["--help", "--json"],
        ] {
            let run = try tool.run(words)
            #expect(run.code == 0, "\(run.complaints)")
            for line in run.lines {
                #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
            }
        }
        #expect(try tool.run("help", "--json").lines.count > 10)
    }

    /// What is opened later must not get a closed descriptor's number: output would go to the service.
    @Test func closedDescriptors() throws {
        let tool = CommandLineTool(try Service())
        _ = try tool.run(["store", "-"], input: Array("Tựa đề\n\nThân.".utf8))
        let list = try shell(tool, "exec \(Self.articlectl) list >&-")
        #expect(list.code == 74)
        #expect(list.complaints.contains("standard output: Bad file descriptor"), "\(list.complaints)")
        #expect(try shell(tool, "exec \(Self.articlectl) store - <&-").code == 74)
        // Its journal, and what it prints, go nowhere; the database's file is not one of them.
        let directory = tool.directory.appending(path: "closed").path
        let line = "\(Self.articled) --check-configuration <&- >&- 2>&-; \(Self.articled) --version <&- >&-"
        #expect(try shell(tool, "mkdir \(directory) && cd \(directory) && { \(line); }").code == 0)
    }

    @Test func whySocketsCannotBeUsed() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let file = try tool.file("plain", "x")
        let plain = try tool.run("ping", "--socket", file)
        #expect(plain.code == 69)
        #expect(plain.complaints.contains("\(file) is no socket"))
        let long = try tool.run("ping", "--socket", "/" + String(repeating: "x", count: 107))
        #expect(long.code == 64)
        #expect(long.complaints.contains("at most 107 bytes"))
        for (place, code, text) in [
            ("unix:/nonexistent/s", 69, "no socket at /nonexistent/s, which ARTICLED_ENDPOINT names"),
            ("localhost", 64, "ARTICLED_ENDPOINT is \"localhost\""),
        ] {
            let run = try shell(tool, "ARTICLED_ENDPOINT=\(place) exec \(Self.articlectl) ping")
            #expect(run.code == code && run.complaints.contains(text), "\(run.complaints)")
        }
        let given = try shell(tool, "ARTICLED_ENDPOINT=localhost exec \(Self.articlectl) ping --socket /nonexistent/s")
        #expect(given.code == 69 && !given.complaints.contains("ARTICLED_ENDPOINT"), "\(given.complaints)")
        guard getuid() != 0 else { return }  // root may use any
        unsafe chmod(service.socketPath, 0)
        let forbidden = try tool.run("ping")
        #expect(forbidden.code == 77)
        #expect(forbidden.complaints.contains("no permission to use"))
    }

    @Test func severalEndpoints() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let (absent, here) = ("unix:/nonexistent/s", "unix:\(service.socketPath)")
        #expect(try tool.run("list", "--endpoint", "\(absent),\(here)").code == 0)
        let ping = try tool.run("ping", "--endpoint", "\(absent), \(here)")
        #expect(ping.code == 69 && ping.text.hasPrefix("\(here) answered"), "\(ping.text)")
        #expect(ping.complaints.contains("no socket at /nonexistent/s"))
        for (place, code, text) in [
            (
                "\(absent),tcp:127.0.0.1:1", 69,
                "none of the 2 endpoints can be reached: \(absent): no socket at /nonexistent/s, which ARTICLED_ENDPOINT names"
            ), ("\(here),localhost", 64, "element 2 of ARTICLED_ENDPOINT is \"localhost\""),
        ] as [(String, Int32, String)] {
            let run = try shell(tool, "ARTICLED_ENDPOINT=\(place) exec \(Self.articlectl) list")
            #expect(run.code == code && run.complaints.contains(text), "\(run.complaints)")
        }
        let both = try tool.run("list", "--endpoint", here, "--socket", service.socketPath)
        #expect(both.code == 64 && both.complaints.contains("--socket and --endpoint exclude each other"))
        let bench = try tool.run("bench", "fetch", "--live", "--endpoint", "\(absent),\(here)")
        #expect(bench.code == 64 && bench.complaints.contains("name one endpoint, not 2"), "\(bench.complaints)")
    }

    /// With --json even Ctrl-C is told as an object, whatever the command was waiting for.
    @Test(arguments: [["store", "--json", "-"], ["classify", "--json", "-"], ["ping", "--json", "-n", "10000000"]])
    func interrupted(_ words: [String]) throws {
        let tool = CommandLineTool(try Service())
        let process = tool.process(words)
        let (input, complaints) = (Pipe(), Pipe())
        (process.standardInput, process.standardError) = (input, complaints)
        try process.run()
        while !Self.catches(SIGINT, process.processIdentifier) { _ = poll(nil, 0, 5) }
        process.interrupt()
        process.waitUntilExit()
        #expect(CommandLineTool.code(of: process) == 130)
        #expect(process.terminationReason == .exit)
        let text = complaints.fileHandleForReading.readDataToEndOfFile()
        let object = try JSONSerialization.jsonObject(with: text) as? [String: [String: Any]]
        #expect(object?["error"]?["code"] as? String == "interrupted")
        #expect(object?["error"]?["exit"] as? Int == 130)
    }

    /// Whether the process has a handler for the signal: proc_pid_status(5).
    private static func catches(_ signal: Int32, _ pid: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let mask = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
        return mask & 1 << UInt64(signal - 1) != 0
    }

    @Test func aRecordWithAMemberTwiceIsRefused() throws {
        let tool = CommandLineTool(try Service())
        let lines = #"{"title":"1"}"# + "\n" + #"{"title":"2","title":"3"}"# + "\n" + #"{"title":"4"}"# + "\n"
        let run = try tool.run(["import", "--json", "-"], input: Array(lines.utf8))
        #expect(run.code == 65)
        #expect(run.complaints.contains("standard input:2: it has the member"), "\(run.complaints)")
        #expect(try run.json()["created"] as? Int == 2)
        #expect(try tool.run("list").lines.count == 2)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// Where the commands write to that write files: `train -o` and `export -o` with the real program.
@Suite struct OutputTests {
    private static let data = [("Thể thao", "bóng đá trận đấu"), ("Kinh doanh", "ngân hàng cổ phiếu")].flatMap {
        topic in
        (0..<20).map { "{\"label\":\"\(topic.0)\",\"text\":\"\(topic.1) số \($0) \(topic.1)\"}\n" }
    }.joined()

    /// "ARTTOPIC", which a model file begins with.
    private static let mark = Array("ARTTOPIC".utf8)

    private static func kind(_ path: String) throws -> UInt32 {
        var status = stat()
        try #require(unsafe lstat(path, &status) == 0)
        return status.st_mode & S_IFMT
    }

    @Test func aModelGoesThroughAPipeAndToStandardOutput() throws {
        let tool = CommandLineTool(try Service())
        let data = try tool.file("data.jsonl", Self.data)
        let whole = tool.directory.appending(path: "whole").path
        let report = try tool.run("train", data, "--fewest", "1", "-o", whole)
        #expect(report.code == 0, "\(report.complaints)")
        #expect(report.text.hasPrefix("\(whole): topics ("))
        let model = Array(try Data(contentsOf: URL(filePath: whole)))
        #expect(model.starts(with: Self.mark))

        let direct = try tool.run("train", data, "--fewest", "1", "-o", "-")
        #expect(direct.code == 0)
        #expect(direct.output == model)
        #expect(direct.complaints.hasPrefix("standard output: topics ("))
        #expect(!FileManager.default.fileExists(atPath: "-"))

        let pipe = tool.directory.appending(path: "pipe").path
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        let process = tool.process(["train", data, "--fewest", "1", "-o", pipe, "--json"])
        process.standardInput = nil
        try process.run()
        let read = try FileHandle(forReadingFrom: URL(filePath: pipe)).readToEnd()
        process.waitUntilExit()
        #expect(CommandLineTool.code(of: process) == 0)
        #expect(Array(read ?? Data()) == model)
        #expect(try Self.kind(pipe) == S_IFIFO)
    }

    @Test func measuringNeedsNoOutput() throws {
        let tool = CommandLineTool(try Service())
        let data = try tool.file("data.jsonl", Self.data)
        let before = try FileManager.default.contentsOfDirectory(atPath: tool.directory.path).sorted()
        let run = try tool.run("train", data, "--fewest", "1", "--k-fold", "4")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.text.hasPrefix("held out, by models that did not learn from it:\n40 articles: accuracy "))
        let report = try tool.run("train", data, "--fewest", "1", "--k-fold", "4", "--json").json()
        #expect(report["articles"] as? Int == 40)
        #expect((report["held_out"] as? [String: Any])?["articles"] as? Int == 40)
        #expect(try FileManager.default.contentsOfDirectory(atPath: tool.directory.path).sorted() == before)

        let nothing = try tool.run("train", data)
        #expect(nothing.code == 64)
    }

    @Test func anExportReplacesAFileOnlyWhenItIsComplete() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        #expect(try tool.run("import", tool.file("data.jsonl", Self.data)).code == 0)
        let printed = try tool.run("export")
        #expect(printed.lines.count == 40)
        let (real, link) = (try tool.file("real.jsonl", "old"), tool.directory.appending(path: "link.jsonl").path)
        unsafe chmod(real, 0o600)
        unsafe symlink("real.jsonl", link)
        let run = try tool.run("export", "-o", link)
        #expect(run.code == 0)
        #expect(run.text.hasPrefix("\(link): 40 articles, "))
        #expect(try Array(Data(contentsOf: URL(filePath: real))) == printed.output)
        #expect(try Self.kind(link) == S_IFLNK)
        var status = stat()
        #expect(unsafe stat(real, &status) == 0 && status.st_mode & 0o7777 == 0o600)

        // The service is not there: what is in the file stays.
        #expect(try tool.run("export", "--socket", service.socketPath + "-absent", "-o", real).code == 69)
        #expect(try Array(Data(contentsOf: URL(filePath: real))) == printed.output)
        #expect(try tool.run("export", "-o", "-").output == printed.output)
    }
}

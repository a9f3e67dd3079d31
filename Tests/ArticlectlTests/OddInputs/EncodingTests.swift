// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing

@testable import articlectl

/// Files of the time before Unicode, in the encoding that the command line names.
@Suite struct EncodingTests {
    private static let text = "Đường về quê\n\nNgười Việt, tiếng Việt: ễ ỗ ử ặ ấ."

    private func convert(_ text: String, to encoding: String) throws -> [UInt8] {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/iconv")
        process.arguments = ["-f", "UTF-8", "-t", encoding]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(bytes)
    }

    private func read(_ bytes: [UInt8], _ encoding: String?, name: String = "a.txt") throws -> RecordReader.Record {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "articlectl-encoding-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: name)
        try Data(bytes).write(to: path)
        var options = InputOptions(mapping: try RecordMapping())
        options.encoding = try TextEncoding.option(encoding)
        let record = try RecordReader([InputFile(path.path)], options).next()
        return try #require(record)
    }

    @Test(arguments: [
        ("windows-1258", "CP1258"), ("viscii", "VISCII"), ("TCVN3", "TCVN5712-1"), ("utf-16", "UTF-16LE"),
    ])
    func aText(name: String, encoding: String) throws {
        // TCVN3 has small letters alone.
        let text = name == "TCVN3" ? Self.text.lowercased() : Self.text
        let record = try read(convert(text, to: encoding), name)
        let article = try record.article.get()
        #expect(Array(article.title.utf8) == Array(text.split(separator: "\n")[0].utf8))
        #expect(Array(article.body.utf8) == Array(text.split(separator: "\n")[1].utf8))
        #expect(record.notes.map(\.kind) == ["encoding"])
    }

    @Test func tablesAndPages() throws {
        let table = try read(
            convert("title,body\n\(Self.text.split(separator: "\n")[0]),x\n", to: "CP1258"), "windows-1258",
            name: "a.csv")
        #expect(try table.article.get().title == "Đường về quê")
        let page = try read(
            convert("<html><title>Đường về quê</title><p>Thân bài.</p></html>", to: "VISCII"), "viscii", name: "a.html")
        #expect(try page.article.get().title == "Đường về quê")
    }

    /// A file that tells its encoding itself is believed.
    @Test func marksComeFirst() throws {
        let record = try read([0xef, 0xbb, 0xbf] + Array(Self.text.utf8), "windows-1258")
        #expect(try record.article.get().title == "Đường về quê")
    }

    /// The last letter of a piece may be joined with the next one's first.
    @Test func piecesOfAnySize() throws {
        let encoding = try #require(try TextEncoding.option("cp1258"))
        let decoder = try #require(TextDecoder(encoding))
        var text: [UInt8] = []
        for byte in try convert(Self.text, to: "CP1258") { #expect(decoder.decode([byte], into: &text)) }
        #expect(decoder.end(into: &text))
        #expect(text == Array(Self.text.utf8))
    }

    @Test(arguments: ["", "nonsense", "UTF-8//IGNORE", "cp1258 "]) func unknownEncodings(name: String) {
        #expect(throws: CommandFailure.self) { try TextEncoding.option(name) }
    }
}

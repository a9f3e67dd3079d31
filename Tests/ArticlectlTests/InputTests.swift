// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import Foundation
import Testing

@testable import articlectl

/// Files of every kind, read as `store` and `import` read them.
@Suite final class InputTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/articlectl-test-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func write(_ name: String, _ bytes: [UInt8]) throws -> InputFile {
        let path = directory + "/" + name
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
        return InputFile(path)
    }

    private func write(_ name: String, _ text: String) throws -> InputFile { try write(name, Array(text.utf8)) }

    private func read(
        _ files: [InputFile], format: InputFormat? = nil, namespace: String? = nil
    ) throws -> [RecordReader.Record] {
        var options = InputOptions(mapping: try RecordMapping())
        options.format = format
        options.namespace = namespace
        let reader = RecordReader(files, options)
        var records: [RecordReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private func titles(_ records: [RecordReader.Record]) -> [String] {
        records.map { record in
            switch record.article {
            case .success(let article): article.title
            case .failure(let error): "\(record.origin.line.map(String.init) ?? "-"): \(error.message.prefix(12))"
            }
        }
    }

    @Test func formatsAreFoundOut() throws {
        let text = "Tựa đề\n\n(Mic.gov.vn) - Một đoạn."
        for name in ["a", "a.txt", "a.html"] { #expect(titles(try read([write(name, text)])) == ["Tựa đề"]) }
        #expect(titles(try read([write("b", "{\"title\":\"1\"}\n{\"title\":\"2\"}\n")])) == ["1", "2"])
        #expect(titles(try read([write("c", "\u{feff}\n\n{\n\"title\":\"1\"\n}\n{\"title\":\"2\"}")])) == ["1", "2"])
        #expect(titles(try read([write("d", "[{\"title\":\"1\"},\n{\"title\":\"2\"}]")])) == ["1", "2"])
        #expect(titles(try read([write("e", "[\n {\"title\":\"1\"}]")])) == ["1"])
        #expect(titles(try read([write("f", "[Mic.gov.vn] - Một đoạn.")])) == [""])
        #expect(titles(try read([write("g", "{\"title\":\"1\"}")], format: .text)) == ["{\"title\":\"1\"}"])
    }

    @Test func badRecordsAreNamedAndPassedOver() throws {
        let file = try write(
            "a.jsonl", "{\"title\":\"1\"}\r\n\nnot json\n{\"title\":\"2\"}\n{\"id\":1}\n{\"title\":\"3\"}")
        let records = try read([file])
        #expect(titles(records) == ["1", "3: invalid JSON", "2", "5: it has neith", "3"])
        #expect("\(records[1].origin)" == "\(directory)/a.jsonl:3")
    }

    @Test func filesThatAreNoText() throws {
        #expect(titles(try read([write("a", "")])) == ["-: there is not"])
        #expect(titles(try read([write("b.jsonl", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])])) == ["-: the archive "])
        #expect(titles(try read([write("c.txt", [0x41, 0xff])])) == ["-: byte 2 (line"])
        #expect(titles(try read([write("d.json", "{\"title\":")])) == ["1: invalid JSON"])
        #expect(throws: CommandFailure.self) { try self.read([InputFile(self.directory + "/missing")]) }
        #expect(throws: CommandFailure.self) { try self.read([InputFile(self.directory)]) }
    }

    @Test func idsAreTheSameEachTime() throws {
        let file = try write(
            "a.jsonl", "{\"id\":\"1\",\"title\":\"1\"}\n{\"title\":\"2\"}\n{\"url\":\"u:1\",\"title\":\"3\"}\n")
        let first = try read([file]).map { try $0.article.get().id }
        #expect(try read([file]).map { try $0.article.get().id } == first)
        #expect(first[0] != nil && first[1] != nil && first[2] == nil)
        // The same ids in another file are other articles, unless both are said to be of one collection.
        let copy = try write("b.jsonl", "{\"id\":\"1\",\"title\":\"1\"}\n{\"title\":\"2\"}\n")
        let second = try read([copy]).map { try $0.article.get().id }
        #expect(second[0] != first[0])
        #expect(second[1] == first[1])
        #expect(
            try read([file], namespace: "n")[0].article.get().id == read([copy], namespace: "n")[0].article.get().id)
    }

    @Test func directories() throws {
        _ = try write("tree/b/2.txt", "Tựa 2\n\nThân.")
        _ = try write("tree/b/.hidden.txt", "x")
        _ = try write("tree/a.jsonl", "{\"title\":\"Tựa 1\"}")
        _ = try write("tree/photo.jpg", "x")
        try FileManager.default.createSymbolicLink(atPath: directory + "/tree/c", withDestinationPath: directory)
        let found = try InputFile.all(in: directory + "/tree")
        #expect(found.others == 1)
        let records = try read(found.files)
        #expect(titles(records) == ["Tựa 1", "Tựa 2"])
        #expect(try records[1].article.get().attributes == ["external_id": "b/2.txt"])
        // A file that was edited is the same article.
        let id = try records[1].article.get().id
        _ = try write("tree/b/2.txt", "Tựa 2, sửa\n\nThân.")
        #expect(try read(found.files)[1].article.get().id == id)
    }

    @Test func linesAreReadAcrossPieces() throws {
        var text = ""
        for number in 0..<2000 {
            text += "{\"title\":\"\(number)\",\"body\":\"\(String(repeating: "đ", count: number % 700))\"}\n"
        }
        let records = try read([write("a.jsonl", text)])
        #expect(titles(records) == (0..<2000).map(String.init))
    }

    @Test func aLineThatIsTooLongIsPassedOver() throws {
        let file = try write(
            "a", String(repeating: "x", count: 1 << 20) + "\nshort\n" + String(repeating: "y", count: 600_000))
        var reader = LineReader(try ByteSource(file.path), longest: 300_000)
        var seen: [String] = []
        while let line = try reader.next() { seen.append("\(line.number) \(line.isTooLong) \(line.bytes.count)") }
        #expect(seen == ["1 true 0", "2 false 5", "3 true 0"])
    }

    @Test func overrides() throws {
        let arguments = try Arguments(
            [
                "f", "--url", "u:1", "--topic", "Đời sống", "--attribute", "a=b=c", "--published",
                "2009-06-15T10:20+07:00", "--source", "S",
            ],
            for: Store.description)
        var article = Article(source: "x", title: "t")
        try Overrides(arguments).apply(to: &article)
        #expect(
            article
                == Article(
                    url: "u:1", source: "S", title: "t", publishedAt: 1_245_036_000_000,
                    topics: [Topic(slug: "doi-song", score: 1, name: "Đời sống")], attributes: ["a": "b=c"]))
        for wrong in [["--id", "x"], ["--published", "x"], ["--attribute", "x"], ["--topic", "*"]] {
            let arguments = try Arguments(["f"] + wrong, for: Store.description)
            #expect(throws: CommandFailure.self) { try Overrides(arguments) }
        }
    }

    @Test func aLastLineThatIsTooLongIsTold() throws {
        let file = try write("a", String(repeating: "y", count: 256 << 10))
        var reader = LineReader(try ByteSource(file.path), longest: 200_000)
        #expect(try reader.next()?.isTooLong == true)
        #expect(try reader.next() == nil)
    }

    @Test func textThatIsTooLargeSaysSo() throws {
        let file = try write("a.txt", [UInt8](repeating: UInt8(ascii: "x"), count: Limits.article + 1))
        let failure = #expect(throws: CommandFailure.self) { try self.read([file]) }
        #expect(failure?.code == .data)
        #expect(failure?.message.contains("too large: it has more than 12.0 MiB") == true)
        #expect(try read([write("b.txt", " \n\u{b}")]).count == 1)
    }

    /// /dev/zero, but smaller bounds: in a build for debugging 64 MiB take long.
    @Test func whatNeverEndsIsGivenUp() throws {
        var reader = LineReader(try ByteSource("/dev/zero"), longest: 300_000)
        let failure = #expect(throws: CommandFailure.self) { try reader.next() }
        #expect(failure?.message.contains("/dev/zero is too large: its line 1 has more than") == true)
        let text = #expect(throws: CommandFailure.self) { try self.read([InputFile("/dev/zero")], format: .text) }
        #expect(text?.code == .data)
    }

    @Test func whatCannotBeReadIsNoInput() throws {
        let file = try write("a.txt", "x")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
        guard unsafe access(file.path, R_OK) != 0 else { return }  // root may read anything
        for attempt in [{ _ = try self.read([file]) }, { try Directory.checkReadable(file.path) }] {
            #expect(#expect(throws: CommandFailure.self) { try attempt() }?.code == .noInput)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import Foundation
import Testing
import VietnameseEncodings

@testable import articlectl

/// Files of the time before Unicode.
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

    // MARK: Detected

    private static let headline = "Thư viện huyện mở cửa buổi tối cho học sinh vùng lũ"
    private static let body =
        "Từ tháng này, thư viện huyện mở cửa đến chín giờ tối. Học sinh ở các xã ven sông được mượn sách mà không phải "
        + "đặt tiền. Ủy ban nhân dân huyện cho biết việc này sẽ kéo dài đến hết năm học."

    private static func write(
        _ text: String, _ encoding: VietnameseEncoding, _ tones: VietnameseEncoder.Tones = .composed
    )
        throws -> [UInt8]
    {
        let encoder = VietnameseEncoder(encoding, tones: tones)
        return try #require(encoder.encode(Array(text.utf8)))
    }

    private func records(_ bytes: [UInt8], name: String) throws -> (records: [RecordReader.Record], remarks: [String]) {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "articlectl-encoding-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: name)
        try Data(bytes).write(to: path)
        let reader = RecordReader([InputFile(path.path)], InputOptions(mapping: try RecordMapping()))
        var records: [RecordReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return (records, reader.remarks.map(\.note.kind))
    }

    @Test(arguments: VietnameseEncoding.allCases, VietnameseEncoder.Tones.allCases)
    func aTextIsDetected(encoding: VietnameseEncoding, tones: VietnameseEncoder.Tones) throws {
        let bytes = try Self.write("\r\n\(Self.headline)\r\n\r\n\(Self.body)\r\n", encoding, tones)
        let record = try read(bytes, "auto")
        let article = try record.article.get()
        #expect(Array(article.title.utf8) == Array(Self.headline.utf8))
        // TCVN3 has no capital Ủ.
        let body = encoding == .tcvn3 ? Self.body.replacingOccurrences(of: "Ủy", with: "ủy") : Self.body
        #expect(Array(article.body.utf8) == Array(body.utf8))
        #expect(article.attributes["original_encoding"] == encoding.rawValue)
        #expect(record.notes.map(\.kind) == ["encoding"])
        #expect(record.notes[0].message.contains("% certain"))
        #expect(try article.originalFile() == bytes)
    }

    @Test func aShortTextIsRefused() throws {
        for (text, encoding) in [("Mưa lũ", VietnameseEncoding.vni), ("Tin tức về lũ", .viscii)] {
            let bytes = try Self.write(text, encoding)
            let failure = #expect(throws: CommandFailure.self) { try read(bytes, nil) }
            #expect(failure?.code == .data)
            #expect(failure?.message.contains(encoding.rawValue) == true, "\(failure?.message ?? "")")
            #expect(failure?.message.contains("--encoding") == true)
            #expect(try read(bytes, encoding.rawValue).article.get().title == text)
        }
    }

    @Test func documentsAndTables() throws {
        let page = { (charset: String) in
            "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=\(charset)\"><title>\(Self.headline)</title></head>"
                + "<body><p>\(Self.body)</p></body></html>"
        }
        for (said, encoding) in [
            ("x-viet-vni", VietnameseEncoding.vni), ("x-viet-tcvn", .tcvn5712), ("x-viet-vps", .vps),
            ("viscii", .viscii),
            // What it says is not true.
            ("windows-1258", .windows1258), ("iso-8859-1", .vni), ("windows-1252", .vps), ("utf-8", .viscii),
        ] {
            let found = try records(Self.write(page(said), encoding), name: "a.html")
            let article = try #require(found.records.first).article.get()
            #expect(article.title == Self.headline && article.body.contains(Self.body), "\(said)")
            #expect(found.records.first?.notes.map(\.kind) == ["encoding"])
            #expect(found.remarks == [])
        }
        // A page that says it in a few words is believed.
        let short = try records(
            Self.write("<html><meta charset='x-viet-vni'><title>Mưa lũ</title><p>Tạnh.</p></html>", .vni),
            name: "a.html")
        #expect(try short.records.first?.article.get().title == "Mưa lũ")
        let feed =
            "<?xml version=\"1.0\" encoding=\"windows-1258\"?><rss><channel><item><title>\(Self.headline)</title>"
            + "<description>\(Self.body)</description></item></channel></rss>"
        let item = try records(Self.write(feed, .windows1258, .combining), name: "a.xml").records.first?.article.get()
        #expect(item.map { Array($0.title.utf8) } == Array(Self.headline.utf8))
        let table = try records(
            Self.write("title,body\n\(Self.headline),\"\(Self.body)\"\n", .vps), name: "a.csv")
        #expect(try table.records.first?.article.get().body == Self.body)
        let lines = try records(
            Self.write(
                "{\"title\": \"Plain\"}\n{\"title\": \"\(Self.headline)\", \"body\": \"\(Self.body)\"}\n", .viscii),
            name: "a.jsonl")
        #expect(try lines.records.map { try $0.article.get().title } == ["Plain", Self.headline])
    }

    /// A page in another language is what it says.
    @Test func otherLanguages() throws {
        let text =
            "Les élèves des communes voisines peuvent emprunter des livres jusqu'à la fin de l'année scolaire, très près."
        let latin = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let bytes = Array("<html><meta charset=iso-8859-1><title>X</title><p>".utf8) + latin + Array("</p></html>".utf8)
        #expect(try records(bytes, name: "a.html").records.first?.article.get().body == text)
        let plain = try records(latin, name: "a.txt").records.first
        #expect(throws: RecordError.self) { try plain?.article.get() }
    }

    /// Broken UTF-8 is no old encoding.
    @Test func aBrokenByte() throws {
        var bytes = Array("\(Self.headline)\n\n\(Self.body)".utf8)
        bytes.remove(at: try #require(bytes.firstIndex { $0 >= 0xe1 }))
        let record = try #require(records(bytes, name: "a.txt").records.first)
        guard case .failure(let error) = record.article else { return #expect(Bool(false)) }
        #expect(error.message.contains("is not valid UTF-8"))
    }

    @Test func utf16WithoutMark() throws {
        for encoding in ["UTF-16LE", "UTF-16BE"] {
            let bytes = try convert("\(Self.headline)\n\n\(Self.body)", to: encoding)
            let article = try #require(records(bytes, name: "a.txt").records.first).article.get()
            #expect(article.title == Self.headline && article.body == Self.body)
            #expect(try article.originalFile() == bytes)
        }
        let binary = try records([0x41, 0, 0x42, 0, 0x43, 0, 1, 0, 0, 0, 7], name: "a.txt").records.first
        #expect(throws: RecordError.self) { try binary?.article.get() }
    }

    /// Bytes that mean the same as others cannot be had again, and this is said.
    @Test func irreversible() throws {
        var bytes = try Self.write("\(Self.headline)\n\n\(Self.body)", .vni)
        // A small mark behind a capital.
        bytes += [0x20, 0x41, 0xf9, 0x2e]
        let record = try #require(records(bytes, name: "a.txt").records.first)
        #expect(record.notes.map(\.kind) == ["irreversible", "encoding"])
        #expect(try record.article.get().body.hasSuffix(" Á."))
        let table = try records(
            Self.write("title,body\n\(Self.headline),\"\(Self.body)\"\n", .vni) + [0x41, 0xf9, 0x2c, 0x78, 0x0a],
            name: "a.csv")
        #expect(table.remarks == ["irreversible"])
    }

    /// An article that was changed may have letters that its file's encoding lacks.
    @Test func changedArticles() throws {
        var article = try read(Self.write("\(Self.headline)\n\n\(Self.body)", .vni), nil).article.get()
        article.body += " 国"
        #expect(throws: CommandFailure.self) { try article.originalFile() }
        article.original?.mediaType = "text/plain; charset=nonsense"
        #expect(throws: CommandFailure.self) { try article.originalFile() }
        article.original?.mediaType = "text/plain; charset=UTF-8"
        #expect(try article.originalFile() == article.originalBytes)
    }

    @Test(arguments: ["", "nonsense", "UTF-8//IGNORE", "cp1258 "]) func unknownEncodings(name: String) {
        #expect(throws: CommandFailure.self) { try TextEncoding.option(name) }
    }
}

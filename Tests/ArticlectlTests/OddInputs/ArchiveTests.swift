// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing
import VietnameseEncodings

@testable import articlectl

/// Articles in archives, made by the tools that people use.
@Suite final class ArchiveTests {
    private let directory = FileManager.default.temporaryDirectory.appending(
        path: "articlectl-archive-\(UUID().uuidString)"
    ).path

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write("a.txt", "Bài một\n\nThân bài.")
        try write("con/b.jsonl", "{\"title\": \"Bài hai\"}\n{\"title\": \"Bài ba\"}\n")
        try write("con/.hidden.txt", "Ẩn")
        try write("photo.jpg", "x")
        try write("bảng.csv", "title,body\nBài bốn,\"x, y\"\n")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func write(_ name: String, _ text: String) throws {
        let path = directory + "/" + name
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func run(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", command]
        process.currentDirectoryURL = URL(filePath: directory)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private struct Found {
        var titles: [String] = []
        var notes: [String] = []
        var errors: [String] = []
        var origins: [String] = []
        var ids: [ArticleID?] = []
        var remarks: [String] = []
    }

    private func read(_ name: String, map: [String] = []) throws -> Found {
        let reader = RecordReader([InputFile(directory + "/" + name)], InputOptions(mapping: try RecordMapping(map)))
        var found = Found()
        while true {
            do throws(CommandFailure) {
                guard let record = try reader.next() else { break }
                found.notes += record.notes.map(\.message)
                found.origins.append(record.origin.description.replacing(directory + "/", with: ""))
                switch record.article {
                case .success(let article):
                    found.titles.append(article.title)
                    found.ids.append(article.id)
                case .failure(let error): found.errors.append(error.message)
                }
            } catch {
                found.errors.append(error.message)
            }
        }
        found.remarks = reader.remarks.map(\.note.message)
        return found
    }

    /// `--map` names a column of one table; another one has its own.
    @Test func tablesWithDifferentColumns() throws {
        try write("1.csv", "tieu_de,title,body\nBài một,Mục tin,x\n,Mục tin,y\n")
        try write("2.csv", "title,body\nBài hai,x\nBài ba,y\n")
        try write("3.csv", "name,text\nBài bốn,x\n")
        try run("tar -cf tables.tar 1.csv 2.csv 3.csv")
        let found = try read("tables.tar", map: ["title=tieu_de"])
        #expect(found.titles == ["Bài một", "", "Bài hai", "Bài ba", ""])
        #expect(found.errors == [])
        #expect(
            found.notes == [
                "--map title=tieu_de: the table has no such column; its column \"title\" is taken",
                "--map title=tieu_de: it has no such member",
            ])
    }

    /// Each file of an archive has an encoding of its own.
    @Test func oldEncodings() throws {
        let text = "Lũ về trong đêm\n\nNước sông lên nhanh từ chiều qua, nhiều nhà dân ven đê phải dọn đồ đạc lên cao."
        for encoding in VietnameseEncoding.allCases where encoding != .tcvn5712 {
            let bytes = try #require(VietnameseEncoder(encoding).encode(Array(text.utf8)))
            try Data(bytes).write(to: URL(filePath: "\(directory)/\(encoding.rawValue).txt"))
        }
        try write("UTF-8.txt", text)
        try run("tar -czf old.tgz *1258.txt TCVN3.txt VNI.txt VISCII.txt VPS.txt UTF-8.txt")
        let found = try read("old.tgz")
        #expect(found.titles == Array(repeating: "Lũ về trong đêm", count: 6))
        #expect(found.errors == [])
        #expect(found.notes.count == 5)
    }

    @Test(arguments: [
        "tar -cf all.tar a.txt con photo.jpg bảng.csv", "tar -czf all.tgz a.txt con photo.jpg bảng.csv",
        "tar -cJf all.tar.xz a.txt con photo.jpg bảng.csv", "tar -c --zstd -f all.tar.zst a.txt con photo.jpg bảng.csv",
        "python3 -m zipfile -c all.zip a.txt con photo.jpg bảng.csv",
    ]) func aTree(command: String) throws {
        try run(command)
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: directory).first { $0.hasPrefix("all.") })
        let found = try read(name)
        #expect(Set(found.titles) == ["Bài một", "Bài hai", "Bài ba", "Bài bốn"])
        #expect(found.errors.isEmpty)
        #expect(found.remarks.count == 2)
        #expect(found.remarks.first?.hasPrefix("skipped 1 file of other kinds") == true)
        #expect(found.remarks.last?.contains("con/.hidden.txt (hidden)") == true)
        #expect(found.origins.contains("\(name)/con/b.jsonl:2"))
        // The same archive again gives the same articles.
        #expect(try Set(read(name).ids) == Set(found.ids))
    }

    @Test(arguments: ["gzip", "xz", "zstd -q", "bzip2"]) func aCompressedFile(tool: String) throws {
        try run("\(tool) -k con/b.jsonl")
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: directory + "/con").first { $0.hasPrefix("b.jsonl.") })
        let found = try read("con/" + name)
        #expect(found.titles == ["Bài hai", "Bài ba"])
        #expect(found.origins == ["con/b.jsonl:1", "con/b.jsonl:2"])
    }

    @Test func archivesInArchives() throws {
        try run("gzip -k con/b.jsonl && tar -cf in.tar con/b.jsonl.gz && tar -czf out.tgz in.tar")
        #expect(try read("out.tgz").titles == ["Bài hai", "Bài ba"])
        try run("tar -cf 1.tar out.tgz && tar -cf 2.tar 1.tar a.txt")
        let found = try read("2.tar")
        #expect(found.titles == ["Bài một"])
        #expect(found.errors.count == 1 && found.errors[0].contains("archive in 3 others"))
    }

    /// What is before the damage is read, and the damage is told.
    @Test func damagedArchives() throws {
        let lines = (1...20_000).map { "{\"title\": \"Bài \($0)\", \"body\": \"\($0 &* 2_654_435_761)\"}\n" }.joined()
        try write("many.jsonl", lines)
        try run("tar -czf cut.tgz a.txt many.jsonl && truncate -s 100000 cut.tgz")
        let found = try read("cut.tgz")
        #expect(found.titles.first == "Bài một")
        #expect(found.titles.count > 100 && found.titles.count < 20_000)
        #expect(found.errors.count >= 1 && found.errors[0].contains("damaged"))
        try run("head -c 20 cut.tgz >b.jsonl.gz")
        #expect(try read("b.jsonl.gz").errors.count == 1)
    }

    @Test func documentsOfOfficePrograms() throws {
        try write("mimetype", "application/vnd.oasis.opendocument.text")
        try run("python3 -m zipfile -c a.odt mimetype a.txt")
        let found = try read("a.odt")
        #expect(found.titles.isEmpty)
        #expect(found.errors.count == 1 && found.errors[0].contains("office program"))
    }

    @Test func nothingForUs() throws {
        try run("tar -cf a.tar photo.jpg && python3 -m zipfile -c empty.zip")
        #expect(try read("a.tar").errors == ["there is no file in it whose name says that it has articles"])
        #expect(try read("empty.zip").errors == ["there is no file in it whose name says that it has articles"])
    }
}

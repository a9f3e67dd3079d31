// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing

@testable import articlectl

/// Trees of files as old archives have them.
@Suite final class OddNameTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/articlectl-names-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        let removal = Process()
        removal.executableURL = URL(filePath: "/bin/rm")
        removal.arguments = ["-rf", directory]
        try? removal.run()
        removal.waitUntilExit()
    }

    private func path(_ name: [UInt8]) -> [CChar] {
        (Array(directory.utf8) + [0x2f] + name).map { CChar(bitPattern: $0) } + [0]
    }

    private func makeFolder(_ name: [UInt8]) { unsafe #expect(mkdir(path(name), 0o700) == 0) }

    private func makeFolder(_ name: String) { makeFolder(Array(name.utf8)) }

    private func write(_ name: [UInt8], _ text: String = "Tựa\n\nThân bài.") throws {
        let descriptor = unsafe open(path(name), O_CREAT | O_WRONLY, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        unsafe #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    private func write(_ name: String, _ text: String = "Tựa\n\nThân bài.") throws { try write(Array(name.utf8), text) }

    private func names() throws -> [String] { try Directory.survey(below: directory).files }

    @Test func bytesThatAreNotUTF8SurviveAsText() {
        for bytes: [UInt8] in [
            [0xe9], [0x62, 0xe9, 0x74], Array("Hà Nội".utf8), [0xc3], [0xff, 0xfe, 0x2f, 0x80],
            [0xf4, 0x8f, 0xbf, 0xa9],
            [0xe1, 0xbb], Array("Hà".utf8) + [0xe9] + Array("Nội".utf8), [],
        ] {
            let text = FileName.text(bytes)
            let back = unsafe FileName.withBytes(of: text) { path in
                unsafe (0..<strlen(path)).map { unsafe UInt8(bitPattern: path[$0]) }
            }
            #expect(back == bytes)
            #expect(FileName.shown(text).unicodeScalars.allSatisfy { $0.value < 0x10_ff00 })
        }
        #expect(FileName.shown(FileName.text([0x62, 0xe9, 0x2e])) == "b\\xE9.")
        #expect(FileName.text([0x62, 0xe9]) != FileName.text([0x62, 0xea]))
        #expect(FileName.text(Array("Hà Nội".utf8)) == "Hà Nội")
        #expect(FileName.repaired(FileName.text([0x62, 0xe9])) == "b\u{fffd}")
    }

    @Test func namesThatAreNotUTF8AreRead() throws {
        makeFolder([0x6e, 0xe9])
        try write([0x6e, 0xe9] + Array("/sau.txt".utf8))
        try write([0x62, 0xe9] + Array(".txt".utf8))
        try write("ok.txt")
        let found = try InputFile.all(in: directory)
        #expect(found.files.count == 3 && found.problems.isEmpty && found.others == 0)
        let reader = RecordReader(found.files, InputOptions(mapping: try RecordMapping()))
        var ids: Set<String> = []
        var paths: [String] = []
        while let record = try reader.next() {
            let article = try record.article.get()
            #expect(article.title == "Tựa")
            paths.append(article.attributes["external_id"] ?? "")
            if let id = article.id { ids.insert("\(id)") }
        }
        #expect(ids.count == 3)
        #expect(Set(paths) == ["b\\xE9.txt", "n\\xE9/sau.txt", "ok.txt"])
        // The same by its own name.
        let one = RecordReader(
            [InputFile(directory + "/" + FileName.text([0x62, 0xe9] + Array(".txt".utf8)))],
            InputOptions(mapping: try RecordMapping()))
        #expect(try one.next()?.article.get().title == "Tựa")
    }

    @Test func aMissingFileIsNamedByItsBytes() {
        let failure = #expect(throws: CommandFailure.self) {
            try Directory.checkReadable(self.directory + "/" + FileName.text([0xe9]))
        }
        #expect(failure?.message.contains("/\\xE9: ") == true)
    }

    @Test func linksToFoldersAreFollowedOnce() throws {
        makeFolder("tree")
        makeFolder("tree/2009")
        makeFolder("elsewhere")
        try write("tree/2009/1.txt")
        try write("elsewhere/2.txt")
        func link(_ name: String, _ target: String) throws {
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/tree/" + name, withDestinationPath: target)
        }
        try link("latest", "2009")
        try link("old", "../elsewhere")
        try link("older", "../elsewhere")
        try link("up", "..")
        try link("self", ".")
        try link("gone.txt", "nowhere")
        let found = try InputFile.all(in: directory + "/tree")
        #expect(found.files.compactMap(\.place?.relative) == ["2009/1.txt", "gone.txt", "old/2.txt"])
        #expect(found.remarks.count == 1)
        #expect(found.remarks.first?.contains("/tree/up: a link to a folder that contains this one") == true)
        #expect(found.problems.isEmpty)
    }

    @Test func whatCannotBeEnteredIsNamedAndTheRestIsRead() throws {
        makeFolder("closed")
        try write("closed/1.txt")
        try write("2.txt")
        unsafe #expect(chmod(path(Array("closed".utf8)), 0) == 0)
        defer { unsafe _ = chmod(path(Array("closed".utf8)), 0o700) }
        guard unsafe access(path(Array("closed".utf8)), R_OK) != 0 else { return }  // root may read anything
        let found = try InputFile.all(in: directory)
        #expect(found.files.compactMap(\.place?.relative) == ["2.txt"])
        #expect(found.problems.count == 1)
        #expect(found.problems.first?.contains("closed: Permission denied; all that is in it is left out") == true)
    }

    @Test func aPathThatIsTooLongIsNamedAndTheRestIsRead() throws {
        // Made step by step: no system call takes the whole path.
        let name = String(repeating: "x", count: 200)
        var folder = unsafe open(directory, O_DIRECTORY | O_RDONLY)
        for _ in 0..<22 {
            unsafe #expect(mkdirat(folder, name, 0o700) == 0)
            let next = unsafe openat(folder, name, O_DIRECTORY | O_RDONLY)
            close(folder)
            folder = next
        }
        let file = unsafe openat(folder, "deep.txt", O_CREAT | O_WRONLY, 0o600)
        close(file)
        close(folder)
        try write("1.txt")
        let found = try InputFile.all(in: directory)
        #expect(found.files.compactMap(\.place?.relative) == ["1.txt"])
        #expect(found.problems.count == 1)
        #expect(found.problems.first?.contains("File name too long; it is left out") == true)
        #expect(found.problems.first.map { $0.utf8.count < 400 } == true)
    }

    @Test func otherFilesAreCountedAndOneIsNamed() throws {
        try write("photo.jpg")
        try write("a.doc")
        try write("1.txt")
        unsafe #expect(mkfifo(path(Array("pipe.txt".utf8)), 0o600) == 0)
        let found = try InputFile.all(in: directory)
        #expect(found.files.count == 1)
        #expect(found.others == 2)
        #expect(found.other == "a.doc")
        #expect(found.remarks.map { $0.hasSuffix("pipe.txt: neither a file nor a folder") } == [true])
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import JSONTree
import Testing

@testable import articlectl

/// The files of `Fixtures/OddInputs/files.jsonl`: their content is `text` or `hex`, and the reader is expected to find
/// articles of these `titles`, and to say these `errors` and `notes`, each in their order. An error that begins with FAIL ends the
/// reading of the file.
@Suite struct OddFileTests {
    struct OddFile: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let name: String
        let bytes: [UInt8]
        let titles: [String]
        let errors: [String]
        let notes: [String]

        init(_ line: JSON) throws {
            testDescription = try #require(line["case"]).content
            name = try #require(line["name"]).content
            if case .string(let hex)? = line["hex"] {
                let digits = hex.compactMap(\.hexDigitValue)
                bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
            } else {
                bytes = Array(try #require(line["text"]).content.utf8)
            }
            titles = try #require(line["titles"]).contents
            errors = line["errors"]?.contents ?? []
            notes = line["notes"]?.contents ?? []
        }
    }

    @Test(arguments: try! OddRecordTests.lines("files.jsonl").map(OddFile.init)) func aFile(odd: OddFile) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "articlectl-odd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: odd.name)
        try Data(odd.bytes).write(to: path)
        let reader = RecordReader([InputFile(path.path)], InputOptions(mapping: try RecordMapping()))
        var titles: [String] = []
        var errors: [String] = []
        var notes: [String] = []
        do throws(CommandFailure) {
            while let record = try reader.next() {
                notes += record.notes.map(\.message)
                switch record.article {
                case .success(let article): titles.append(article.title)
                case .failure(let error): errors.append(error.message)
                }
            }
        } catch {
            errors.append("FAIL \(error.message)")
        }
        #expect(titles == odd.titles)
        #expect(errors.count == odd.errors.count, "\(errors)")
        for (error, expected) in zip(errors, odd.errors) {
            let part = expected.hasPrefix("FAIL ") ? String(expected.dropFirst(5)) : expected
            #expect(error.contains(part) && error.hasPrefix("FAIL ") == expected.hasPrefix("FAIL "), "\(error)")
        }
        #expect(notes.count == odd.notes.count, "\(notes)")
        for (note, expected) in zip(notes, odd.notes) { #expect(note.contains(expected)) }
    }
}

extension JSON {
    fileprivate var content: String { if case .string(let text) = self { text } else { text } }
    fileprivate var contents: [String] { if case .array(let values) = self { values.map(\.content) } else { [] } }
}

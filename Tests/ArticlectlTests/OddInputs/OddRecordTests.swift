// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import JSONTree
import Testing

@testable import articlectl

/// The records of `Fixtures/OddInputs/records.jsonl`: what systems of others write, and what becomes of it.
///
/// Each line has a `record`, and either what its `error` says, or what members the article is expected to have, null for
/// none, and what its `notes` say, one after the other.
@Suite struct OddRecordTests {
    struct OddRecord: CustomTestStringConvertible, Sendable {
        let name: String
        let record: JSON
        let expected: [JSON.Member]
        let error: String?
        let notes: [String]

        var testDescription: String { name }

        init(_ line: JSON) throws {
            name = try #require(line["case"]).string
            record = try #require(line["record"])
            error = line["error"]?.string
            if case .members(let members)? = line["expect"] { expected = members } else { expected = [] }
            if case .array(let values)? = line["notes"] { notes = values.map(\.string) } else { notes = [] }
        }
    }

    static func lines(_ file: String) throws -> [JSON] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/OddInputs")
        let path = tests.appending(path: file).standardizedFileURL
        var parser = JSONParser(Array(try Data(contentsOf: path)))
        var values: [JSON] = []
        while let value = try parser.next() { values.append(value) }
        return values
    }

    @Test(arguments: try! lines("records.jsonl").map(OddRecord.init)) func aRecord(odd: OddRecord) throws {
        do {
            let result = try RecordMapping().article(from: odd.record)
            #expect(odd.error == nil, "it is an article")
            let article = result.article.json()
            for member in odd.expected {
                #expect(article[member.name] ?? .null == member.value, "\(member.name)")
            }
            let told = result.notes.map(\.message)
            #expect(told.count == odd.notes.count, "\(told)")
            for (note, expected) in zip(told, odd.notes) { #expect(note.contains(expected)) }
            // The service takes it.
            let bytes = result.article.encoded()
            _ = try unsafe ArticleContent(validating: bytes.span.bytes)
        } catch let error as RecordError {
            #expect(odd.error.map { error.message.contains($0) } == true, "\(error.message)")
        }
    }
}

extension JSON {
    fileprivate var string: String { if case .string(let text) = self { text } else { text } }
}

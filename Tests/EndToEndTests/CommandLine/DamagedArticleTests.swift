// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A record of which a byte has flipped on the disk: it is told, and the others are served.
@Suite struct DamagedArticleTests {
    @Test(arguments: [false, true]) func theOthersAreListedAndExported(inHeader: Bool) throws {
        let tool = CommandLineTool(try Service())
        let texts = ["đầu", "giữa", "cuối"].map {
            "Bài \($0)\n\n" + String(repeating: "Một câu của bài \($0). ", count: 200)
        }
        let ids = try texts.enumerated().map { number, text in
            try #require(try tool.run("store", "-q", try tool.file("\(number).txt", text)).lines.first)
        }
        #expect(try tool.run("list").lines.count == 3)
        try damage(
            tool.directory.appending(path: "state/articles.mdb-records"), "Một câu của bài giữa. ", inHeader: inHeader)

        let others = Set([ids[0], ids[2]])
        for command in [["list", "--json", "--full"], ["export"]] {
            let outcome = try tool.run(command)
            #expect(outcome.code == 74, "\(command)")
            #expect(outcome.complaints.contains("1 of 3 articles is left out"), "\(outcome.complaints)")
            #expect(outcome.complaints.contains(ids[1]), "\(outcome.complaints)")
            let listed = try outcome.lines.map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["id"] as? String
            }
            #expect(Set(listed.compactMap { $0 }) == others)
        }
        let lines = try tool.run("list")
        #expect(lines.code == 74 && lines.lines.count == 2)
        let fetched = try tool.run(["fetch", "--json"] + ids)
        #expect(fetched.code == 74 && fetched.complaints.contains("damaged"))
        #expect(fetched.lines.count == 2)
        // Whoever stores it again has it back; it takes the place of the damaged one.
        let again = try tool.run("store", "--json", "--id", ids[1], try tool.file("again.txt", texts[1]))
        #expect(again.code == 0, "\(again.complaints)")
        #expect(try tool.run("list").lines.count == 3)
    }

    /// Flips a bit of the record that has `text` in its content, there or in the header that stands before it: 88 bytes, at a
    /// multiple of 64, with the format 2 in it, and four zeros.
    private func damage(_ heap: URL, _ text: String, inHeader: Bool) throws {
        let file = try FileHandle(forUpdating: heap)
        defer { try? file.close() }
        let bytes = try #require(try file.readToEnd())
        let found = try #require(bytes.firstRange(of: Data(text.utf8))).lowerBound
        let start = stride(from: found / 64 * 64, through: 64, by: -64).first {
            bytes[$0 + 4] == 2 && bytes[$0 + 5] == 0 && bytes[$0 + 52..<$0 + 56].allSatisfy { $0 == 0 }
        }
        let place = inHeader ? try #require(start) + 20 : found
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [bytes[place] ^ 1])
    }
}

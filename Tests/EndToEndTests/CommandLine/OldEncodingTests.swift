// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import VietnameseEncodings

/// Files from before Unicode, through the real programs.
@Suite struct OldEncodingTests {
    @Test func storedAndImportedAndFetched() throws {
        let tool = CommandLineTool(try Service())
        let text = try String(contentsOf: StoreAndFetchTests.sample, encoding: .utf8)
            .precomposedStringWithCanonicalMapping
        let folder = tool.directory.appending(path: "old")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for encoding in VietnameseEncoding.allCases {
            let encoder = VietnameseEncoder(encoding)
            // Signs that an encoding lacks are left out, as its writers had to.
            let bytes = text.flatMap { encoder.encode(Array(String($0).utf8)) ?? [] }
            let expected = String(decoding: encoding.decode(bytes), as: UTF8.self)
            let file = folder.appending(path: "\(encoding.rawValue).txt")
            try Data(bytes).write(to: file)

            let stored = try tool.run("store", "--quiet", file.path)
            #expect(stored.code == 0, "\(stored.complaints)")
            #expect(stored.complaints.contains("the file is in "))
            let id = try #require(stored.lines.first)
            let article = try tool.run("fetch", "--json", id).json()
            #expect(article["author"] as? String == "PQH")
            let body = try #require(article["body"] as? String)
            #expect(body.utf8.count > 1000 && expected.contains(body))
            #expect(try tool.run("fetch", "--raw", id).output == bytes, "\(encoding)")
        }
        let imported = try tool.run("import", folder.path)
        #expect(imported.code == 0, "\(imported.complaints)")
        #expect(imported.text.contains("\(VietnameseEncoding.allCases.count) articles"))

        let short = folder.appending(path: "short.txt")
        try Data([0x4d, 0xf6, 0x61, 0x20, 0x6c, 0x75, 0xf5]).write(to: short)
        let refused = try tool.run("store", short.path)
        #expect(refused.code == 65)
        #expect(refused.complaints.contains("VNI") && refused.complaints.contains("--encoding"))
        let told = try tool.run("store", "--encoding", "vni", short.path)
        #expect(told.code == 0 && told.text.contains("Mưa lũ"), "\(told.complaints)")
        #expect(try tool.run("import", folder.path).code == 65)
    }
}

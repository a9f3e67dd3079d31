// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing

@Suite struct SpecificationTests {
    private static var document: String {
        get throws {
            try String(contentsOf: VectorFile.folder.appending(path: "../PROTOCOL.md"), encoding: .utf8)
        }
    }

    @Test func theSpecificationListsEveryStatusCode() throws {
        let lines = try Self.document.components(separatedBy: "\n")
        for code in StatusCode.allCases {
            #expect(lines.contains { $0.hasPrefix("| \(code.rawValue) | \(code.name) | ") }, "\(code.name)")
        }
    }

    /// PROTOCOL.md shows vectors in blocks that name them: "```hex valid/put.hex".
    @Test func theSpecificationShowsTheVectors() throws {
        let parts = try Self.document.components(separatedBy: "```hex ")
        #expect(parts.count > 8)
        for part in parts.dropFirst() {
            let end = try #require(part.range(of: "\n```"))
            let block = part[..<end.lowerBound]
            let newline = try #require(block.firstIndex(of: "\n"))
            let vector = try VectorFile(String(block[..<newline]))
            #expect(String(block[block.index(after: newline)...]) + "\n" == vector.text, "\(vector.name)")
        }
    }
}

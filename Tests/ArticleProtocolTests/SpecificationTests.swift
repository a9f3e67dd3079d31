import ArticleProtocol
import Foundation
import Testing

@Suite struct SpecificationTests {
    /// PROTOCOL.md shows vectors in blocks that name them: "```hex valid/put.hex".
    @Test func theSpecificationShowsTheVectors() throws {
        let url = VectorFile.folder.appending(path: "../PROTOCOL.md")
        let parts = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "```hex ")
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

// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation

/// A golden vector: a file of Protocol/Vectors. PROTOCOL.md, "Golden vectors", describes the form.
struct VectorFile: Sendable, CustomStringConvertible {
    /// A frame, or what claims to be one.
    struct Frame: Sendable {
        var fromClient = false
        var kind = ""
        var flags: [String] = []
        var stream: UInt32 = 0
        var method: String?
        /// Full names of the messages in the payload, in their order.
        var messages: [String] = []
        /// Header and payload.
        var bytes: [UInt8] = []
    }

    /// What the server must answer to an invalid vector.
    struct Expectation: Sendable {
        /// "ERROR" or "GO_AWAY".
        var kind = ""
        var stream: UInt32 = 0
        var code = StatusCode.ok
    }

    struct Malformed: Error {
        let line: String
    }

    let name: String
    let text: String
    private(set) var frames: [Frame] = []
    private(set) var expectation: Expectation?

    var description: String { name }

    static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "../../Protocol/Vectors").standardizedFileURL

    /// All files of a folder, "valid" or "invalid", by name.
    static func all(_ kind: String) throws -> [VectorFile] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind).path)
            .filter { $0.hasSuffix(".hex") }.sorted().map { try VectorFile("\(kind)/\($0)") }
    }

    init(_ name: String) throws {
        self.name = name
        text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "client", "server": frames.append(try Self.frame(words))
            case "expect": expectation = try Self.expectation(words)
            case nil: continue
            default:
                guard !frames.isEmpty else { throw Malformed(line: String(line)) }
                frames[frames.count - 1].bytes += try words.map { word in
                    guard word.count == 2, let byte = UInt8(word, radix: 16) else {
                        throw Malformed(line: String(line))
                    }
                    return byte
                }
            }
        }
    }

    private static func frame(_ words: [String]) throws -> Frame {
        var frame = Frame(fromClient: words[0] == "client")
        frame.kind = words[1]
        for word in words.dropFirst(2) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts[0], parts.count) {
            case ("stream", 2): frame.stream = try number(parts[1])
            case ("method", 2): frame.method = parts[1]
            case ("message", 2): frame.messages.append(parts[1])
            default: frame.flags.append(word)
            }
        }
        return frame
    }

    private static func expectation(_ words: [String]) throws -> Expectation {
        var expectation = Expectation(kind: words[1])
        for word in words.dropFirst(2) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Malformed(line: word) }
            if parts[0] == "stream" { expectation.stream = try number(parts[1]) }
            if parts[0] == "code" {
                guard let code = StatusCode.allCases.first(where: { $0.name == parts[1] }) else {
                    throw Malformed(line: word)
                }
                expectation.code = code
            }
        }
        return expectation
    }

    private static func number(_ text: String) throws -> UInt32 {
        guard let value = UInt32(text) else { throw Malformed(line: text) }
        return value
    }
}

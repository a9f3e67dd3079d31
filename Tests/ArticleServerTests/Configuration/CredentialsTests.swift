// SPDX-License-Identifier: Apache-2.0
import Foundation
import JSONTree
import Testing

@testable import ArticleServer

@Suite final class CredentialsTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "credentials-\(UUID())").path()

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func put(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)"))
    }

    private func resolve(_ value: JSON) -> (value: JSON, problems: [String]) {
        var problems: [String] = []
        let resolved = value.resolving(Credentials(directory: directory), at: JSONPath("mirror")) {
            problems.append("\($0): \($1)")
        }
        return (resolved, problems)
    }

    @Test func takesTheirPlaceAtEveryDepth() throws {
        try put("key", "mật khẩu\n".utf8)
        let reference = JSON.object([("credential", .string("key"))])
        let (value, problems) = resolve(
            .object([("keys", .array([reference, .integer(1)])), ("at", .object([("login", reference)]))]))
        #expect(problems.isEmpty)
        #expect(
            value
                == .object([
                    ("keys", .array([.string("mật khẩu"), .integer(1)])),
                    ("at", .object([("login", .string("mật khẩu"))])),
                ]))
    }

    @Test(arguments: [("one\n", "one"), ("two\n\n", "two\n"), ("three\r\n", "three"), ("", ""), ("five", "five")])
    func lastLineEnd(_ given: String, _ text: String) throws {
        try put("key", given.utf8)
        #expect(try Credentials(directory: directory).text("key") == text)
    }

    @Test func othersStayAsTheyAre() {
        let value = JSON.object([
            ("a", .object([("credential", .integer(1))])),
            ("b", .object([("credential", .string("x")), ("c", .null)])),
        ])
        #expect(resolve(value).value == value)
    }

    @Test func whatIsMissingIsNamed() {
        let (_, problems) = resolve(.object([("keys", .array([.object([("credential", .string("absent"))])]))]))
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("mirror.keys[0]: there is no credential \"absent\" in") == true)
        #expect(problems.first?.contains("LoadCredential=absent:") == true)
        #expect(throws: StartError.self) { try Credentials(directory: nil).text("absent") }
    }

    @Test(arguments: ["", ".", "..", "a/b", "../etc/passwd", "a\nb", String(repeating: "a", count: 256)])
    func namesThatLeaveTheDirectory(_ name: String) {
        #expect(throws: StartError.self) { try Credentials(directory: directory).text(name) }
    }

    @Test func whatIsNoTextIsRefusedUntold() throws {
        for bytes in [Array("secret\u{0}".utf8), Array("secret".utf8) + [0xFF], Array(repeating: 0x61, count: 1 << 21)]
        {
            try put("key", bytes)
            let error = #expect(throws: StartError.self) { try Credentials(directory: directory).text("key") }
            #expect(error?.description.contains("secret") == false)
        }
    }
}

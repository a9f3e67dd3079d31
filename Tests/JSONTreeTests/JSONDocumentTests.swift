// SPDX-License-Identifier: Apache-2.0

import JSONTree
import Testing

/// Places of values, names, errors; paths; excerpts.
@Suite struct JSONDocumentTests {
    private static let text = """
        // a comment with { and "
        {
          limits: { frame: '1 MiB', /* over
            lines */ "connections": 5 },
          'listen': ["unix:/a", // one
            "b\\
        c", 0x10],
          plugins: {
            classify: { "a b": { b: [ { c: 1 } ] } },
          },
        }
        """

    @Test(arguments: [
        ("limits", 3, 11, 3, 3), ("limits.frame", 3, 20, 3, 13), ("limits.connections", 4, 29, 4, 14),
        ("listen", 5, 13, 5, 3), ("listen[0]", 5, 14, 5, 14), ("listen[1]", 6, 5, 6, 5), ("listen[2]", 7, 5, 7, 5),
        (#"plugins.classify["a b"].b[0].c"#, 9, 36, 9, 33),
        // What is not there is reported at what is nearest around it.
        (#"plugins.classify["a b"].b[0].d"#, 9, 31, 9, 31), ("plugins.none", 8, 12, 8, 12), ("listen[3]", 5, 13, 5, 13),
        ("none.x", 2, 1, 2, 1), ("limits.frame.x", 3, 20, 3, 20), ("", 2, 1, 2, 1),
    ])
    func everythingHasItsPlace(path: String, line: Int, column: Int, nameLine: Int, nameColumn: Int) throws {
        let document = try JSONDocument(json5: Array(Self.text.utf8))
        let path = JSONPath(path)
        let value = document.place(of: document.places.value(at: path))
        #expect([value.line, value.column] == [line, column])
        let name = document.place(of: document.places.name(at: path))
        #expect([name.line, name.column] == [nameLine, nameColumn])
    }

    @Test func membersThatAreThereTwice() throws {
        let document = try JSONDocument(json5: Array("{a: 1,\nb: {c: 1, 'c': [{d: 1, d: 2}]},\n\"a\": 3, a: 4}".utf8))
        #expect(
            document.repetitions.map { "\($0.path) \($0.first) \($0.second)" } == [
                "b.c 11 17", "b.c[0].d 24 30", "a 1 39", "a 1 47",
            ])
        // The value that a reader takes is the last.
        #expect(document.places.value(at: JSONPath("b.c[0].d")) == 33)
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) {
        let bytes = Array("a\(end)\(end)bữa\(end)".utf8)
        let place = JSONPlace(offset: bytes.count - end.utf8.count - 1, in: bytes)
        #expect([place.line, place.column] == [3, 3])
        #expect(place.excerpt(of: bytes) == "    3 | bữa\n      |   ^")
        let last = JSONPlace(offset: bytes.count + 5, in: bytes)
        #expect([last.line, last.column] == [4, 1])
    }

    @Test func excerpts() {
        func excerpt(_ text: String, _ offset: Int) -> String {
            JSONPlace(offset: offset, in: Array(text.utf8)).excerpt(of: Array(text.utf8))
        }
        #expect(
            excerpt("{\n  limits: { connections 4 }\n}", 26)
                == "    2 |   limits: { connections 4 }\n      |                         ^")
        // Tabs, control characters, wide letters.
        #expect(excerpt("\ta\u{1b}[x", 4) == "    1 |     a\u{fffd}[x\n      |        ^")
        #expect(excerpt("名前: x", 8) == "    1 | 名前: x\n      |       ^")
        #expect(excerpt("", 0) == "    1 | \n      | ^")
        // A line of any length, cut around the place.
        let long = String(repeating: "a", count: 100_000) + "!" + String(repeating: "b", count: 100_000)
        let lines = excerpt(long, 100_000).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.count < 130 })
        let caret = lines[1].distance(from: lines[1].startIndex, to: lines[1].lastIndex(of: "^") ?? lines[1].startIndex)
        #expect(Array(lines[0])[caret] == "!")
    }

    @Test(arguments: ["a", "a.b", "a[0]", "[0][1].b", #"["a b"].c"#, #"a["\"]: x"][2]"#, #"[""]"#, "giới_hạn.a-b"])
    func pathsAreReadAsTheyAreWritten(text: String) {
        #expect(JSONPath(text).description == text)
        let (path, rest) = JSONPath.leading("\(text): too small: 5") ?? (JSONPath(), "")
        #expect(path == JSONPath(text))
        #expect(rest == "too small: 5")
    }

    @Test(arguments: [
        "", ": a", "it is a matter of taste", "a b: c", "a", "a:b", ".a: b", "a..b: c", "a[: b", "a[x]: b", "a[-1]: b",
        "a[\"b: c", "a[99999999999999999999]: b",
    ])
    func linesWithoutAPath(line: String) { #expect(JSONPath.leading(line) == nil) }

    /// Any bytes at all: a value or an error, with a place that can be shown.
    @Test func anythingAtAll() {
        let bytes = Array(Self.text.utf8)
        func read(_ bytes: [UInt8]) {
            do throws(JSONError) {
                let document = try JSONDocument(json5: bytes)
                _ = document.repetitions
                for path in ["limits.frame", "listen[2]", "plugins.none"] {
                    _ = document.place(of: document.places.name(at: JSONPath(path))).excerpt(of: bytes)
                }
            } catch {
                #expect(error.place.excerpt(of: bytes).contains("^"))
            }
        }
        for count in bytes.indices { read(Array(bytes[..<count])) }
        for index in bytes.indices {
            for byte in Array("{}[]:,\"'\\/*\n\r\0\u{ff}".utf8) + [0xff, 0xe2, 0x80] {
                var changed = bytes
                changed[index] = byte
                read(changed)
            }
        }
    }
}

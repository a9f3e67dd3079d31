import Testing

@testable import ArticleServer

@Suite struct ConfigurationPlacesTests {
    private static let text = """
        // a comment with { and "
        {
          limits: { frame: '1 MiB', /* over
            lines */ "connections": 5 },
          'listen': ["unix:/a", // one
            "b\\
        c", 0x10],
          plugins: {
            classify: { a: { b: [ { c: 1 } ] } },
          },
        }
        """

    @Test func everyMemberHasItsLine() {
        let places = ConfigurationPlaces(Array(Self.text.utf8))
        for (path, line) in [
            ("limits", 3), ("limits.frame", 3), ("limits.connections", 4), ("listen", 5), ("listen[0]", 5),
            ("listen[1]", 6), ("listen[2]", 7), ("plugins.classify.a.b[0].c", 9),
            ("plugins.classify.a.b[0].d", 9), ("plugins.none", 8),
        ] { #expect(places.line(of: path) == line, "\(path)") }
        #expect(places.line(of: "none") == nil)
        #expect(places.repeated.isEmpty)
    }

    @Test func membersThatAreThereTwice() {
        let places = ConfigurationPlaces(Array("{a: 1,\nb: {c: 1, 'c': 2},\n\"a\": 3}".utf8))
        #expect(
            places.repeated == [
                ConfigurationProblem("b.c", "is in line 2 already", line: 2),
                ConfigurationProblem("a", "is in line 1 already", line: 3),
            ])
    }

    /// It is given whatever the file has: cut off anywhere, with any byte anywhere.
    @Test func anythingAtAll() {
        let bytes = Array(Self.text.utf8)
        for count in bytes.indices { _ = ConfigurationPlaces(Array(bytes[..<count])) }
        for index in bytes.indices {
            for byte in Array("{}[]:,\"'\\/*\n\0\u{ff}".utf8) {
                var changed = bytes
                changed[index] = byte
                _ = ConfigurationPlaces(changed)
            }
        }
        _ = ConfigurationPlaces(Array(String(repeating: "[", count: 100_000).utf8))
        _ = ConfigurationPlaces(Array(String(repeating: "{a:", count: 100_000).utf8))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSONTree
import Testing

@testable import ArticleServer

@Suite struct ConfigurationTests {
    private func read(_ text: String) throws(StartError) -> ServerConfiguration {
        try ServerConfiguration(json5: Array(text.utf8), owner: 1000)
    }

    private func problems(_ text: String) -> [String] {
        do throws(StartError) {
            _ = try read(text)
            return []
        } catch {
            return error.problems.sorted()
        }
    }

    @Test func nothingMeansTheDefaults() throws {
        #expect(try read("{}") == ServerConfiguration(owner: 1000))
    }

    @Test func everything() throws {
        let read = try read(
            """
            { // as a person writes it
              listen: ['unix:/run/a.sock', "tcp:127.0.0.1:4100", "tcp:[::1]:0",],
              allowRemote: false, socketMode: "0600", eventLoops: 2, exitWhenIdle: "10 min",
              stateDirectory: "/var/lib/a", logLevel: "debug", stripQuery: ["utm_*", "fbclid"],
              limits: {
                connections: 10, inFlightPerConnection: 5, inFlight: 50, frame: "1 MiB", streamWindow: 0x10000,
                bufferedPerConnection: "64KiB", buffered: "10 MiB", helloTimeout: "500 ms", idleTimeout: 2.5,
                defaultDeadline: 1, maxDeadline: "1 h", drainTimeout: 0,
              },
              access: { read: { users: [0, "root"], groups: ["root"], everyone: true }, socketGroup: ["write"], tcp: [] },
              plugins: {
                directory: "/usr/lib/p", required: ["store"], storage: "lmdb-storage", startTimeout: "1 s",
                store: { b: [1, null, 'x"\\n'], a: { c: 1.5, d: false } },
              },
            }
            """)
        #expect(read.listen.map(\.description) == ["unix:/run/a.sock", "tcp:127.0.0.1:4100", "tcp:[::1]:0"])
        #expect(read.socketMode == 0o600)
        #expect(read.eventLoops == 2)
        #expect(read.exitWhenIdle == 600_000_000_000)
        #expect(read.stateDirectory == "/var/lib/a")
        #expect(read.logLevel == .debug)
        #expect(read.plugins.strippedParameters == ["utm_*", "fbclid"])
        #expect(problems("{ stripQuery: ['a', '*'] }").first?.contains("stripQuery[1]: \"*\" is no name") == true)
        #expect(read.limits.maxConnections == 10)
        #expect(read.limits.maxInFlight == 5)
        #expect(read.limits.maxInFlightTotal == 50)
        #expect(read.limits.maxFrame == 1 << 20)
        #expect(read.limits.streamWindow == 65536)
        #expect(read.limits.maxBuffered == 65536)
        #expect(read.limits.maxBufferedTotal == 10 << 20)
        #expect(read.limits.helloTimeoutMilliseconds == 500)
        #expect(read.limits.idleTimeoutMilliseconds == 2500)
        #expect(read.limits.defaultDeadlineMilliseconds == 1000)
        #expect(read.limits.maxDeadlineMilliseconds == 3_600_000)
        #expect(read.limits.drainTimeoutMilliseconds == 0)
        #expect(read.access.users == [0: 1])
        #expect(read.access.groups == [0: 1])
        #expect(read.access.everyone == 1)
        #expect(read.access.socketGroup == 2)
        #expect(read.access.tcp == 0)
        #expect(read.plugins.directory == "/usr/lib/p")
        #expect(read.plugins.required == ["store"])
        #expect(read.plugins.storage == "lmdb-storage")
        #expect(read.plugins.startTimeoutMilliseconds == 1000)
        #expect(
            String(decoding: read.plugins.section(of: "store"), as: UTF8.self)
                == #"{"a":{"c":1.5,"d":false},"b":[1,null,"x\"\n"]}"#)
        #expect(read.plugins.section(of: "fetch") == Array("{}".utf8))
    }

    @Test func allThatIsWrongAtOnce() {
        let found = problems(
            """
            { listen: ["unix:a", 5], eventLoops: 0, nope: 1, logLevel: "loud", socketMode: "9", allowRemote: 1,
              limits: { frame: "1 B", conections: 5, idleTimeout: "5 parsecs", helloTimeout: [], connections: 1.5 },
              access: { read: { users: ["no such user", -1], all: true }, tcp: ["fly"] },
              plugins: { Bad: {}, store: 5, fetch: { x: Infinity } } }
            """)
        let expected = [
            "access.read.all: unknown member", "access.read.users[0]: there is no",
            "access.read.users[1]: -1 is not a valid id", "access.tcp[0]: \"fly\" is not one of",
            "allowRemote: must be true or false, is a number",
            "eventLoops: must be a whole number from 1 to 256, is 0", "limits.conections: unknown member",
            "limits.connections: must be a whole number from 1 to 1000000, is 1.5",
            "limits.frame: must be from 8 KiB to 256 MiB", "limits.helloTimeout: must be a number, or a string such as",
            "limits.idleTimeout: must be a number with one of the units ms, s, min, h, is \"5 parsecs\"",
            "listen[0]: \"unix:a\"", "listen[1]: must be a string, is a number", "logLevel: \"loud\" is not one of",
            "nope: unknown member", "plugins.Bad: not a plugin's name", "plugins.fetch: contains NaN",
            "plugins.store: must be an object", "socketMode: must be an octal number",
        ]
        #expect(found.count == expected.count, "\(found)")
        for (problem, start) in zip(found, expected) { #expect(problem.hasPrefix(start), "\(problem)") }
    }

    @Test func didYouMean() {
        #expect(
            problems("{limits: {conections: 5}}") == ["limits.conections: unknown member; did you mean connections?"])
        #expect(problems("{xyz: 5}").first?.hasPrefix("xyz: unknown member; there are: access, ") == true)
    }

    /// A reader takes one of the two, and the person who wrote them does not know which.
    @Test func twice() {
        #expect(
            problems("{logLevel: 'info', logLevel: 'debug'}") == ["logLevel: duplicate member; the first is in line 1"])
    }

    /// In the order of the file, each with its place and its line.
    @Test func places() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            "a.json5",
            """
            { // here
              plugins: { Bad: {}, classify: { x: 1 } },
              logLevel: "info", logLevel: "loud",
            \tlimits: {
             frame: 0, conections: 4 } }
            """)
        let reading = try ConfigurationFile.read(path)
        let ofPlugin = [
            ConfigurationProblem(JSONPath("plugins.classify.x"), "unknown member", about: .name),
            ConfigurationProblem(JSONPath("plugins.classify.y"), "is missing"),
        ]
        #expect(
            reading.error(reading.problems + ofPlugin).description == """
                \(path):2:14: plugins.Bad: not a plugin's name: [a-z][a-z0-9-]*
                    2 |   plugins: { Bad: {}, classify: { x: 1 } },
                      |              ^
                \(path):2:33: plugins.classify.y: is missing
                    2 |   plugins: { Bad: {}, classify: { x: 1 } },
                      |                                 ^
                \(path):2:35: plugins.classify.x: unknown member
                    2 |   plugins: { Bad: {}, classify: { x: 1 } },
                      |                                   ^
                \(path):3:21: logLevel: duplicate member; the first is in line 3
                    3 |   logLevel: "info", logLevel: "loud",
                      |                     ^
                \(path):3:31: logLevel: "loud" is not one of error, warning, notice, info, debug
                    3 |   logLevel: "info", logLevel: "loud",
                      |                               ^
                \(path):5:9: limits.frame: must be from 8 KiB to 256 MiB
                    5 |  frame: 0, conections: 4 } }
                      |         ^
                \(path):5:12: limits.conections: unknown member; did you mean connections?
                    5 |  frame: 0, conections: 4 } }
                      |            ^
                """)
    }

    @Test func notJSON5() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.json5", "{\n  limits: { connections 4 }\n}")
        let error = try #require(throws: StartError.self) { try ConfigurationFile.read(path) }
        #expect(
            error.description == """
                \(path):2:25: expected ":" after a member's name
                    2 |   limits: { connections 4 }
                      |                         ^
                """)
        #expect(error.lines.count == 3)
    }

    /// Nobody reads more than a hundred, and a file of a megabyte could hold many more.
    @Test(.timeLimit(.minutes(5))) func manyProblems() throws {
        let members = (0..<5_000).map { "a\($0):0" }.joined(separator: ",")
        let reading = try ConfigurationReading(of: "a", Array("{\(members)}".utf8), owner: 0)
        let problems = reading.error(reading.problems).problems
        #expect(problems.count == 101)
        #expect(problems.last == "a: 4900 more problems are not shown")
    }

    @Test func limitsThatContradictEachOther() {
        #expect(problems("{limits: {defaultDeadline: '2 h', maxDeadline: '1 h'}}").count == 1)
        #expect(problems("{limits: {inFlightPerConnection: 5, inFlight: 4}}").count == 1)
        #expect(problems("{limits: {bufferedPerConnection: '3 MiB', buffered: '2 MiB'}}").count == 1)
    }

    @Test(arguments: [
        "", "{", "[]", "5", "null", "{a: }", "{} {}", "{\"a\": 1,,}", "\u{0}", "{limits: [}",
        String(repeating: "[", count: 100_000), "{plugins: " + String(repeating: "{a:", count: 10_000),
    ])
    func notAConfiguration(text: String) {
        #expect(!problems(text).isEmpty)
    }

    @Test func tooLarge() {
        #expect(problems("{} " + String(repeating: " ", count: 1 << 20)).first?.contains("too large") == true)
    }

    /// Numbers at the edges of what a conversion can take.
    @Test(arguments: [
        "1e308", "-1e308", "9223372036854775807", "-9223372036854775808", "1e400", "NaN", "\"1e400 h\"", "\".\"",
    ])
    func quantities(text: String) {
        #expect(!problems("{limits: {frame: \(text), idleTimeout: \(text), connections: \(text)}}").isEmpty)
    }

    @Test func remote() throws {
        #expect(problems("{listen: ['tcp:0.0.0.0:1']}").first?.contains("allowRemote") == true)
        #expect(problems("{listen: ['tcp:0.0.0.0:1'], allowRemote: true}").first?.contains("allowPlaintext") == true)
        #expect(try read("{listen: ['tcp:0.0.0.0:1'], allowRemote: true, allowPlaintext: true}").listen.count == 1)
        #expect(try read("{listenMetrics: ['tcp:0.0.0.0:1'], allowRemote: true}").listenMetrics.count == 1)
    }

    @Test func files() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("articled.json5", "{wrong: 1, limits: {frame: 0}}")
        let error = try #require(throws: StartError.self) { try ConfigurationFile.read(path).checked() }
        #expect(error.code == .configuration)
        #expect(error.problems.count == 2)
        #expect(error.problems.allSatisfy { $0.hasPrefix("\(path):1:") })
        #expect(throws: StartError.self) { try ConfigurationFile.read("\(directory.path)/none") }
        #expect(throws: StartError.self) { try ConfigurationFile.read(directory.path) }
        let open = try directory.write("open.json5", "{}")
        #expect(try ConfigurationFile.read(open).source?.path == open)
        #expect(unsafe chmod(open, 0o666) == 0)
        #expect(throws: StartError.self) { try ConfigurationFile.read(open) }
    }
}

import Glibc
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
              stateDirectory: "/var/lib/a", logLevel: "debug",
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
                == #"{"a":{"c":1.5,"d":false},"b":[1,null,"x\"\u000a"]}"#)
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
            "access.read.all: unknown key", "access.read.users[0]: there is no",
            "access.read.users[1]: -1 cannot be an id",
            "access.tcp[0]: \"fly\"", "allowRemote: a number", "eventLoops: 0 is not between 1 and 256",
            "limits.conections: unknown key", "limits.connections: a number, where a whole",
            "limits.frame: not between",
            "limits.helloTimeout: an array", "limits.idleTimeout: \"5 parsecs\"", "listen[0]: \"unix:a\"",
            "listen[1]: a number", "logLevel: \"loud\" is none of", "nope: unknown key",
            "plugins.Bad: no plugin's name",
            "plugins.fetch: NaN", "plugins.store: a number", "socketMode: \"9\"",
        ]
        #expect(found.count == expected.count, "\(found)")
        for (problem, start) in zip(found, expected) { #expect(problem.hasPrefix(start), "\(problem)") }
    }

    @Test func didYouMean() {
        #expect(problems("{limits: {conections: 5}}") == ["limits.conections: unknown key; did you mean connections?"])
        #expect(problems("{xyz: 5}").first?.hasPrefix("xyz: unknown key; there are: access, ") == true)
    }

    /// A reader takes one of the two, and the person who wrote them does not know which.
    @Test func twice() {
        #expect(problems("{logLevel: 'info', logLevel: 'debug'}") == ["logLevel: is in line 1 already"])
    }

    /// In the order of the file, each with its line.
    @Test func lines() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.json5", "{ // here\n  plugins: { Bad: {} },\n\n  limits: {\n frame: 0 } }")
        let reading = try ConfigurationFile.read(path)
        #expect(
            reading.error(reading.problems + [ConfigurationProblem("plugins.classify.x", "no")]).problems == [
                "\(path):2: plugins.Bad: no plugin's name, which is [a-z][a-z0-9-]*",
                "\(path):2: plugins.classify.x: no", "\(path):5: limits.frame: not between 8 KiB and 256 MiB",
            ])
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
        #expect(problems("{} " + String(repeating: " ", count: 1 << 20)).first?.contains("at most") == true)
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
        #expect(try read("{listen: ['tcp:0.0.0.0:1'], allowRemote: true}").listen.count == 1)
    }

    @Test func files() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("articled.json5", "{wrong: 1, limits: {frame: 0}}")
        let error = try #require(throws: StartError.self) { try ConfigurationFile.read(path).checked() }
        #expect(error.code == .configuration)
        #expect(error.problems.count == 2)
        #expect(error.problems.allSatisfy { $0.hasPrefix("\(path):1: ") })
        #expect(throws: StartError.self) { try ConfigurationFile.read("\(directory.path)/none") }
        #expect(throws: StartError.self) { try ConfigurationFile.read(directory.path) }
        let open = try directory.write("open.json5", "{}")
        #expect(try ConfigurationFile.read(open).source?.path == open)
        #expect(unsafe chmod(open, 0o666) == 0)
        #expect(throws: StartError.self) { try ConfigurationFile.read(open) }
    }
}

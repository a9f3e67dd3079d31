// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import Testing

/// articled as a program: arguments, exit statuses, sockets, signals.
@Suite struct ProgramTests {
    private static let serving = [
        "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state",
    ]

    @Test(arguments: [
        (["--nonsense"], 64, "--nonsense: unknown"),
        (["--listen"], 64, "--listen needs a value"),
        (["--listen", "unix:relative"], 64, "has to be absolute"),
        (["--exit-when-idle=soon"], 64, "it must be a time"),
        (["--version=1"], 64, "takes no value"),
        (["--plugins", "DIR/plugins", "--state-directory", "DIR/state"], 64, "nothing to listen on"),
        (["--listen", "tcp:0.0.0.0:0"], 78, "allowRemote"),
        (["--configuration", "DIR/none"], 78, "No such file"),
        (["--listen", "unix:DIR/none/socket"], 71, "No such file"),
        (["--listen", "unix:DIR/socket", "--plugins", "DIR/none", "--state-directory", "DIR/state"], 69, "DIR/none"),
        (["--listen", "unix:DIR/socket", "--state-directory", "/dev/null"], 71, "not a directory"),
    ])
    func refusesToStart(arguments: [String], status: Int32, text: String) throws {
        let articled = try Articled(arguments)
        #expect(try articled.ended() == status)
        #expect(articled.text.contains(text.replacing("DIR/", with: "\(articled.directory.path)/")), "\(articled.text)")
        #expect(!FileManager.default.fileExists(atPath: articled.socketPath), "no socket is left behind")
    }

    @Test func helpAndVersion() throws {
        for (option, text) in [
            ("--help", "usage: articled"), ("--version", "articled 0."),
            ("--version", "\nwire protocol 1\nplugin boundary 2."),
            ("--version", "\nSwift API 0."),
        ] {
            let articled = try Articled([option])
            #expect(try articled.ended() == 0)
            #expect(articled.text.contains(text))
        }
    }

    /// libfaketime does so, and Swift's own `CommandLine` is empty then.
    @Test func argumentsOutliveALibraryThatMovesTheEnvironment() throws {
        let library = "DIR/plugins/moves-environment.so"
        let articled = try Articled(
            ["--version"], fixtures: ["moves-environment"], environment: ["LD_PRELOAD": library])
        #expect(try articled.ended() == 0)
        #expect(articled.text.contains("articled 0."), "\(articled.text)")
        let articlectl = Child()
        articlectl.executableURL = Service.products.appending(path: "articlectl")
        articlectl.arguments = ["--version"]
        articlectl.environment["LD_PRELOAD"] = library.replacing("DIR", with: articled.directory.path)
        try articlectl.run()
        articlectl.waitUntilExit()
        #expect(articlectl.terminationStatus == 0, "64 is what it ends with when nothing is asked of it")
    }

    @Test func allThatIsWrongWithAConfiguration() throws {
        let articled = try Articled(
            ["--check-configuration", "--plugins", "DIR/plugins"],
            files: [
                "articled.json5": """
                { wrong: 1, limits: { frame: 'x' },
                  plugins: { store: { x: 1 },
                    'lmdb-storage': { mapSize: 5, queueWrites: "many", maxReader: 9 },
                    stroe: {} } }
                """
            ])
        #expect(try articled.ended() == 78)
        for text in [
            "1:3: wrong: unknown member; there are: access, ",
            "1:30: limits.frame: must be a number with one of the units",
            "2:23: plugins.store.x: unknown member; there is nothing to set here\n    2 |   plugins: { store: { x: 1 },\n",
            "3:32: plugins.lmdb-storage.mapSize: 5 is not between",
            "3:48: plugins.lmdb-storage.queueWrites: must be a whole number, is a string",
            "3:56: plugins.lmdb-storage.maxReader: unknown member; did you mean maxReaders?",
            "4:5: plugins.stroe: there is no plugin stroe; did you mean store?\n    4 |     stroe: {} } }\n      |     ^\n",
        ] {
            #expect(articled.text.contains("articled.json5:\(text)"), "\(text): \(articled.text)")
        }
        // What is asked for by hand has no time before it.
        #expect(articled.text.hasPrefix("\(articled.directory.path)/articled.json5:1:3: "), "\(articled.text)")
    }

    /// A start reports the same, with the place of each name.
    @Test(arguments: [["--check-configuration", "--plugins", "DIR/plugins"], serving])
    func allThatIsWrongWhenPluginsAreMissingToo(arguments: [String]) throws {
        let articled = try Articled(
            arguments,
            files: [
                "articled.json5": """
                { wrong: 1,
                  plugins: { required: ["store", "fetchh"], storage: "lmdb",
                    store: { x: 1 } } }
                """
            ], fixtures: ["bad-magic", "wrong-abi"])
        #expect(try articled.ended() == 78)
        for text in [
            "articled.json5:1:3: wrong: unknown member",
            "articled.json5:2:34: plugins.required[1]: there is no plugin fetchh; did you mean fetch?",
            "articled.json5:2:54: plugins.storage: there is no plugin lmdb; did you mean lmdb-storage?",
            "articled.json5:3:14: plugins.store.x: unknown member",
            "plugins/bad-magic.so: ", "plugins/wrong-abi.so: ",
        ] {
            #expect(articled.text.contains(text), "\(text): \(articled.text)")
        }
        #expect(!FileManager.default.fileExists(atPath: articled.socketPath))
    }

    @Test func aConfigurationThatIsNotJSON5() throws {
        let articled = try Articled(
            ["--check-configuration"], files: ["articled.json5": "{\n  limits: { connections 4 }\n}"])
        #expect(try articled.ended() == 78)
        let place = "articled.json5:2:25: expected \":\" after a member's name"
        let line = "    2 |   limits: { connections 4 }\n      |                         ^\n"
        #expect(articled.text == "\(articled.directory.path)/\(place)\n\(line)")
    }

    @Test func nothingIsWrongWithAConfiguration() throws {
        let articled = try Articled(
            ["--check-configuration", "--plugins", "DIR/plugins"],
            files: ["articled.json5": "{ plugins: { required: ['store'], 'lmdb-storage': {} } }"])
        #expect(try articled.ended() == 0)
        #expect(articled.text.contains("store.put"))
        #expect(!FileManager.default.fileExists(atPath: articled.directory.appending(path: "state").path))
    }

    @Test func aPluginsOwnSectionIsWrong() throws {
        let articled = try Articled(
            Self.serving, files: ["articled.json5": "{ plugins: { 'lmdb-storage': { nope: 1 } } }"])
        #expect(try articled.ended() == 78)
        #expect(
            articled.text.contains("articled.json5:1:32: plugins.lmdb-storage.nope: unknown member"), "\(articled.text)"
        )
        #expect(!FileManager.default.fileExists(atPath: articled.socketPath))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func endsInOrder(number: Int32) throws {
        let articled = try Articled(Self.serving)
        let connection = try articled.connect()
        _ = try connection.greet()
        articled.send(number)
        #expect(try articled.ended() == 0)
        #expect(!FileManager.default.fileExists(atPath: articled.socketPath))
        #expect(articled.text.contains("stopped after"))
    }

    /// kill -9 leaves the socket's file behind; the next one takes its place.
    @Test func startsAfterACrash() throws {
        let first = try Articled(Self.serving)
        _ = try first.connect()
        first.send(SIGKILL)
        #expect(try first.ended() == -SIGKILL)
        #expect(FileManager.default.fileExists(atPath: first.socketPath))
        let second = try Articled(Self.serving.map { $0.replacing("DIR/", with: "\(first.directory.path)/") })
        try second.wait { second.text.contains("serves on") }
        _ = try RawConnection(first.socketPath)
        second.send(SIGTERM)
        #expect(try second.ended() == 0)
    }

    @Test func twoOfThemDoNotShareASocket() throws {
        let first = try Articled(Self.serving)
        _ = try first.connect()
        let second = try Articled(Self.serving.map { $0.replacing("DIR/s", with: "\(first.directory.path)/s") })
        #expect(try second.ended() == 71)
        #expect(second.text.contains("another process listens"))
        _ = try first.connect()
    }

    @Test func twoOfThemDoNotShareADatabase() throws {
        let first = try Articled(Self.serving)
        _ = try first.connect()
        let second = try Articled([
            "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory",
            first.directory.appending(path: "state").path,
        ])
        #expect(try second.ended() == 69)
        #expect(second.text.contains("libLMDBStorage.so"), "\(second.text)")
        _ = try first.connect()
    }

    @Test func reloads() throws {
        let articled = try Articled(Self.serving, files: ["articled.json5": "{}"])
        _ = try articled.connect()
        let file = articled.directory.appending(path: "articled.json5")
        try "{ nope: 1 }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("the old one stays in effect") }
        #expect(articled.text.contains("nope: unknown member"))
        // Nothing of it is taken if a plugin does not like its part.
        try "{ logLevel: 'error', plugins: { fetch: { x: 1 } } }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("plugins.fetch.x: unknown member") }
        try "{ logLevel: 'debug', eventLoops: 7 }".write(to: file, atomically: false, encoding: .utf8)
        articled.send(SIGHUP)
        try articled.wait { articled.text.contains("the configuration was reloaded") }
        #expect(articled.text.contains("takes effect only after a restart: eventLoops"))
        _ = try articled.connect().greet()
    }

    @Test func endsWhenIdle() throws {
        let articled = try Articled(Self.serving + ["--exit-when-idle", "300ms"])
        do { _ = try articled.connect().greet() }
        #expect(try articled.ended() == 0)
        #expect(articled.text.contains("nobody was connected for 300 ms"))
    }

    /// The first connection starts it, and is answered.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-socket-activate")))
    func isStartedByItsSocket() throws {
        let articled = try Articled(
            through: [
                "/usr/bin/systemd-socket-activate", "--listen=DIR/socket", "--fdname=articled",
                "-ECONFIGURATION_DIRECTORY",
            ],
            ["--plugins", "DIR/plugins", "--state-directory", "DIR/state"])
        let hello = try articled.connect().greet()
        #expect(hello.methods.contains { $0.name == "store.put" })
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
        #expect(FileManager.default.fileExists(atPath: articled.socketPath), "the socket is not ours to remove")
    }

    /// Variables that only a service manager should set, with what it would not.
    @Test(arguments: [
        ["LISTEN_FDS": "99999999999999999999", "LISTEN_PID": "1"], ["WATCHDOG_USEC": "x"], ["NOTIFY_SOCKET": "nowhere"],
        ["WATCHDOG_USEC": "18446744073709551615"], ["JOURNAL_STREAM": "::"],
    ])
    func strangeEnvironment(environment: [String: String]) throws {
        let articled = try Articled(Self.serving, environment: environment)
        _ = try articled.connect().greet()
        articled.send(SIGTERM)
        #expect(try articled.ended() == 0)
    }

    @Test(arguments: ["STATE_DIRECTORY", "CONFIGURATION_DIRECTORY"])
    func relativeDirectoryInTheEnvironment(name: String) throws {
        let articled = try Articled(
            ["--listen", "unix:DIR/socket", "--plugins", "DIR/plugins"], environment: [name: "relative"])
        #expect(try articled.ended() == 78)
        #expect(articled.text.contains("$\(name)"))
    }
}

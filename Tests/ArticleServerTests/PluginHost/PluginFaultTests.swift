// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ArticleServer

/// Every mistake of a plugin before it serves gives a clear error with the path, and leaves nothing behind.
@Suite struct PluginFaultTests {
    @Test(arguments: [
        ("not-a-plugin", "no symbol articled_plugin_descriptor"),
        ("bad-magic", "ARTICLED_PLUGIN_MAGIC"),
        ("null-descriptor", "answered NULL"),
        ("unresolved-symbol", "cannot be loaded"),
        ("wrong-abi", "was built for a newer articled, with plugin ABI 43.7; this one has \(Version.pluginABI)"),
        ("older-abi", "was built for an older articled, with plugin ABI 1.3; this one has \(Version.pluginABI)"),
        ("older-abi", "Rebuild the plugin with the HandlerKit or the articled_plugin.h of articled \(Version.text)"),
        ("older-abi", "The plugins of the package articled come with it"),
        ("wrong-runtime", Version.runtime),
        ("short-descriptor", "bytes, too few"),
        ("reserved-method", "articled's own"),
        ("fails-at-start", "failed to start"),
        ("needs-storage", "needs storage"),
    ])
    func oneFault(name: String, text: String) throws {
        let plugins = try FixturePlugins(name)
        let error = try #require(throws: PluginError.self) {
            try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        }
        #expect(error.path == plugins.path(of: name))
        #expect(error.reason.contains(text), "\(error)")
    }

    @Test func twoPluginsForOneMethod() throws {
        let plugins = try FixturePlugins("greeter", "same-method")
        let error = try #require(throws: PluginError.self) {
            try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        }
        #expect(error.description.contains(plugins.path(of: "greeter")))
        #expect(error.description.contains(plugins.path(of: "same-method")))
        #expect(error.description.contains("greeter.hello"))
    }

    @Test func slowAtStart() throws {
        let plugins = try FixturePlugins("slow-at-start")
        var settings = plugins.settings
        settings.startTimeoutMilliseconds = 50
        let error = try #require(throws: PluginError.self) {
            try PluginHost.load(settings, stateDirectory: plugins.directory.path)
        }
        #expect(error.reason.contains("within 50 ms"))
    }

    @Test func requiredButMissing() throws {
        let plugins = try FixturePlugins("greeter")
        var settings = plugins.settings
        settings.required = ["greeter", "store"]
        let error = try #require(throws: StartError.self) {
            try PluginHost.load(settings, stateDirectory: plugins.directory.path)
        }
        let wanted = "plugins.required[1]: there is no plugin store; there are: greeter"
        #expect(error == StartError(.configuration, wanted))
    }

    @Test(arguments: [
        ("lmdb-storage", "there is no plugin lmdb-storage; there are none"),
        ("greeter", "the plugin greeter provides no storage; no plugin there does"),
    ])
    func storageThatNobodyProvides(name: String, text: String) throws {
        let plugins = try FixturePlugins("greeter")
        var settings = plugins.settings
        settings.storage = name
        let error = try #require(throws: StartError.self) { try PluginHost.check(settings) }
        #expect(error == StartError(.configuration, "plugins.storage: \(text)"))
    }

    @Test func sectionOfNobody() throws {
        let plugins = try FixturePlugins("greeter")
        var settings = plugins.settings
        settings.sections = ["greter": Array("{}".utf8)]
        let wanted = StartError(.configuration, "plugins.greter: there is no plugin greter; did you mean greeter?")
        #expect(throws: wanted) { try PluginHost.check(settings) }
        #expect(throws: wanted) { try PluginHost.load(settings, stateDirectory: plugins.directory.path) }
    }

    /// Each library that cannot be used, each name that is wrong, and what is wrong with the sections of the others.
    @Test func everythingAtOnce() throws {
        let plugins = try FixturePlugins("bad-magic", "greeter", "picky", "same-method", "wrong-abi")
        let file = """
            { limits: { frame: "x" },
              plugins: {
                required: [7, "greeter", "greter", "wrong-abi"],
                storage: "lmdb-storage",
                picky: { a: 1 },
                "bad-magic": {},
              } }
            """
        let reading = try ConfigurationReading(of: "a.json5", Array(file.utf8), owner: 0)
        var settings = reading.configuration.plugins
        settings.directory = plugins.directory.path
        let error = try #require(throws: StartError.self) { try PluginHost.check(settings, from: reading) }
        #expect(error.code == .configuration)
        let beginnings = [
            "a.json5:1:20: limits.frame: must be a number with one of the units",
            "a.json5:3:16: plugins.required[0]: must be a string",
            "a.json5:3:30: plugins.required[2]: there is no plugin greter; did you mean greeter?\n    3 |     required",
            "a.json5:4:14: plugins.storage: there is no plugin lmdb-storage; it may be in a library that cannot be used",
            "a.json5:5:12: plugins.picky.sizes[1]: too small",
            "a.json5:5:12: plugins.picky: it is a matter of taste",
            "\(plugins.path(of: "bad-magic")): ",
            "\(plugins.path(of: "same-method")): claims the method greeter.hello, as ",
            "\(plugins.path(of: "wrong-abi")): ",
        ]
        // The two about one section stand in the order that the plugin reports them in.
        let found = error.problems.prefix(4) + error.problems[4..<6].sorted() + error.problems.dropFirst(6)
        #expect(found.count == beginnings.count, "\(error)")
        for (text, beginning) in zip(found, beginnings) { #expect(text.hasPrefix(beginning), "\(text)") }
    }

    /// Without a mistake in the configuration, several broken libraries are the plugins' fault.
    @Test func eachBadLibrary() throws {
        let plugins = try FixturePlugins("bad-magic", "greeter", "wrong-abi")
        let error = try #require(throws: StartError.self) {
            try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        }
        #expect(error.code == .plugin)
        let paths = ["bad-magic", "wrong-abi"].map { plugins.path(of: $0) }
        #expect(error.problems.map { String($0.prefix { $0 != ":" }) } == paths)
    }

    /// The file names that libraries have by convention.
    @Test func namesOfBrokenLibraries() throws {
        let plugins = try FixturePlugins("greeter")
        _ = try plugins.directory.write("libLMDBStorage.so", "")
        var settings = plugins.settings
        settings.required = ["lmdb-storage"]
        settings.storage = "lmdb-storage"
        settings.sections = ["lmdb-storage": Array("{}".utf8)]
        let error = try #require(throws: PluginError.self) { try PluginHost.check(settings) }
        #expect(error.path == plugins.path(of: "libLMDBStorage"))
    }

    /// A plugin reports its problems line by line, and is not started.
    @Test func sectionThatThePluginDoesNotLike() throws {
        let plugins = try FixturePlugins("picky")
        var settings = plugins.settings
        settings.sections = ["picky": Array(#"{"a":1}"#.utf8)]
        let wanted = ["plugins.picky.sizes[1]: too small", "plugins.picky: it is a matter of taste"]
        let error = StartError(.configuration, wanted)
        #expect(throws: error) { try PluginHost.check(settings) }
        #expect(throws: error) { try PluginHost.load(settings, stateDirectory: plugins.directory.path) }
        settings.sections = [:]
        #expect(throws: Never.self) { try PluginHost.check(settings) }
    }

    @Test func writableByEverybody() throws {
        let plugins = try FixturePlugins("greeter")
        #expect(unsafe chmod(plugins.path(of: "greeter"), 0o777) == 0)
        let error = try #require(throws: PluginError.self) { try PluginHost.check(plugins.settings) }
        #expect(error.reason.contains("everybody"))
    }

    @Test func missingDirectory() throws {
        let error = try #require(throws: PluginError.self) {
            try PluginHost.check(PluginSettings(directory: "/nonexistent/plugins"))
        }
        #expect(error.path == "/nonexistent/plugins")
    }
}

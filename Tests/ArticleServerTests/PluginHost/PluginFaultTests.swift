// SPDX-License-Identifier: Apache-2.0
import ArticleServer
import Glibc
import Testing

/// Every mistake of a plugin before it serves gives a clear error with the path, and leaves nothing behind.
@Suite struct PluginFaultTests {
    @Test(arguments: [
        ("not-a-plugin", "no symbol articled_plugin_descriptor"),
        ("bad-magic", "ARTICLED_PLUGIN_MAGIC"),
        ("null-descriptor", "answered NULL"),
        ("unresolved-symbol", "cannot be loaded"),
        ("wrong-abi", "this articled has \(Version.pluginABI)"),
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
        let error = try #require(throws: PluginError.self) {
            try PluginHost.load(settings, stateDirectory: plugins.directory.path)
        }
        #expect(error.description.contains("store"))
    }

    @Test func storageThatNobodyProvides() throws {
        let plugins = try FixturePlugins("greeter")
        var settings = plugins.settings
        settings.storage = "lmdb-storage"
        let error = try #require(throws: PluginError.self) { try PluginHost.check(settings) }
        #expect(error.description.contains("lmdb-storage"))
    }

    @Test func sectionOfNobody() throws {
        let plugins = try FixturePlugins("greeter")
        var settings = plugins.settings
        settings.sections = ["greter": Array("{}".utf8)]
        let wanted = "plugins.greter: there is no plugin greter; did you mean greeter?"
        #expect(try PluginHost.check(settings).problems.map(\.description) == [wanted])
        let error = try #require(throws: StartError.self) {
            try PluginHost.load(settings, stateDirectory: plugins.directory.path)
        }
        #expect(error == StartError(.configuration, wanted))
    }

    /// A plugin reports its problems line by line, and is not started.
    @Test func sectionThatThePluginDoesNotLike() throws {
        let plugins = try FixturePlugins("picky")
        var settings = plugins.settings
        settings.sections = ["picky": Array(#"{"a":1}"#.utf8)]
        let wanted = ["plugins.picky.sizes[1]: too small", "plugins.picky: it is a matter of taste"]
        #expect(try PluginHost.check(settings).problems.map(\.description) == wanted)
        let error = try #require(throws: StartError.self) {
            try PluginHost.load(settings, stateDirectory: plugins.directory.path)
        }
        #expect(error == StartError(.configuration, wanted))
        settings.sections = [:]
        #expect(try PluginHost.check(settings).problems.isEmpty)
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

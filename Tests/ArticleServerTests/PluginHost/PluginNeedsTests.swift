// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ArticleServer

/// The directory of a plugin's own.
@Suite struct PluginOwnDirectoryTests {
    private func load(_ plugins: FixturePlugins, _ state: String) throws -> PluginHost {
        try PluginHost.load(plugins.settings, stateDirectory: state)
    }

    @Test func isMadeBeforeTheStartAndKept() throws {
        let plugins = try FixturePlugins("needs-directory")
        let state = try TemporaryDirectory()
        for _ in 0..<2 {
            let host = try load(plugins, state.path)
            #expect(host.stop(within: 10_000_000_000))
            var status = stat()
            #expect(unsafe stat("\(state.path)/needs-directory", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
            #expect(unsafe access("\(state.path)/needs-directory/mark", F_OK) == 0)
        }
    }

    @Test func aFileInItsPlaceIsAnError() throws {
        let plugins = try FixturePlugins("needs-directory")
        let state = try TemporaryDirectory()
        _ = try state.write("needs-directory", "")
        let error = try #require(throws: PluginError.self) { try load(plugins, state.path) }
        #expect(error.path == plugins.path(of: "needs-directory"))
        #expect(error.reason.contains("needs the directory \(state.path)/needs-directory"))
        #expect(error.reason.contains("something else in its place; move that away"))
    }

    /// /proc is where nobody can make a directory, root included.
    @Test func aParentThatRefusesIsAnError() throws {
        let plugins = try FixturePlugins("needs-directory")
        let error = try #require(throws: PluginError.self) { try load(plugins, "/proc") }
        #expect(error.reason.contains("needs the directory /proc/needs-directory, which cannot be created"))
        #expect(error.reason.contains("must be able to write in /proc"))
    }

    @Test func onlyThoseThatNeedOneGetOne() throws {
        let plugins = try FixturePlugins("greeter")
        let state = try TemporaryDirectory()
        let host = try load(plugins, state.path)
        #expect(unsafe access("\(state.path)/greeter", F_OK) != 0)
        #expect(host.stop(within: 10_000_000_000))
    }
}

/// The order of starts.
@Suite struct StartOrderTests {
    @Test func aPluginStartsAfterThoseThatItNames() throws {
        let plugins = try FixturePlugins("after-search", "search", "greeter")
        // By their files' names, "duplicates" would be first.
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.map(\.name) == ["search", "duplicates", "greeter"])
        #expect(host.stop(within: 10_000_000_000))
    }

    @Test func missingNamesAreIgnored() throws {
        let plugins = try FixturePlugins("after-search")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.map(\.name) == ["duplicates"])
        #expect(host.stop(within: 10_000_000_000))
    }

    @Test func aCircleIsNamed() throws {
        let plugins = try FixturePlugins("after-search", "after-duplicates")
        for attempt in [
            { _ = try PluginHost.check(plugins.settings) },
            { _ = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path) },
        ] {
            let error = try #require(throws: PluginError.self) { try attempt() }
            #expect(error.path == plugins.directory.path)
            #expect(error.reason.contains("search -> duplicates -> search"))
        }
    }
}

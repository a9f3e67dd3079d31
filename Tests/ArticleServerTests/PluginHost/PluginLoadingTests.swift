// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

/// Valid plugins, and plugins that fail only later.
@Suite struct PluginLoadingTests {
    @Test func plainC() throws {
        let plugins = try FixturePlugins("greeter")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.map(\.name) == ["greeter"])
        #expect(host.plugins.first?.methods.map(\.name) == ["greeter.hello"])
        #expect(host.plugins.first?.runtime == "none")
        #expect(host.storage == nil)
        #expect(host.health().map(\.state) == [.healthy])
        host.drain()
        #expect(host.stop(within: 10_000_000_000))
    }

    /// The descriptor ends before `reload` and `check`, and is not read beyond its end.
    @Test func previousHeader() throws {
        let plugins = try FixturePlugins("previous-header")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.count == 1)
        #expect(host.health().map(\.state) == [.healthy])
        #expect(host.figures().isEmpty)
        let reload = host.reload(plugins.settings)
        #expect(reload.refusals.isEmpty && reload.fixed == ["previous-header"])
        var settings = plugins.settings
        settings.sections["nobody"] = Array("{}".utf8)
        #expect(host.problems(in: settings).map(\.description).first?.hasPrefix("plugins.nobody: ") == true)
        #expect(host.stop(within: 10_000_000_000))
    }

    /// The structures are longer than this articled knows.
    @Test func nextHeader() throws {
        let plugins = try FixturePlugins("next-header")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.first?.methods.map(\.name) == ["next.first", "next.second", "next.wait"])
        #expect(host.plugins.first?.abi == "2.9")
        #expect(host.figures().map(\.name) == ["cancelled"])
        #expect(host.stop(within: 10_000_000_000))
    }

    @Test func inTheOrderOfTheirNames() throws {
        let plugins = try FixturePlugins("greeter", "answers-nothing", "answers-twice")
        let host = try PluginHost.load(plugins.settings, stateDirectory: plugins.directory.path)
        #expect(host.plugins.map(\.name) == ["answers-nothing", "answers-twice", "greeter"])
        #expect(host.stop(within: 10_000_000_000))
    }

    @Test func checkedButNotStarted() throws {
        let plugins = try FixturePlugins("fails-at-start")
        let lines = try PluginHost.check(plugins.settings)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("fails-at-start 1.0.0") == true)
    }

    @Test func names() {
        for name in ["a", "lmdb-storage", "a1"] { #expect(DescriptorCheck.isPluginName(name)) }
        for name in ["", "A", "1a", "a.b", "-a", "ấ", String(repeating: "a", count: 64)] {
            #expect(!DescriptorCheck.isPluginName(name))
        }
    }
}

@Suite struct BoundedCallTests {
    @Test func answers() throws {
        let call = try BoundedCall { 42 }
        #expect(call.wait(until: MonotonicClock.after(.seconds(10))) == 42)
        #expect(call.answer == 42)
    }

    @Test func givesUp() throws {
        let gate = Mutex(())
        let waiting = try gate.withLock { _ in
            let call = try BoundedCall {
                gate.withLock { _ in }
                return true
            }
            #expect(call.wait(until: MonotonicClock.after(.milliseconds(1))) == nil)
            return call
        }
        // It continues, and its late answer does no harm.
        #expect(waiting.wait(until: MonotonicClock.after(.seconds(10))) == true)
    }
}

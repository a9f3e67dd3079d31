// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import LinuxRuntime

/// The plugins of this process: all of the plugin directory, checked and started, or none.
public final class PluginHost: Sendable {
    /// In the order of their start.
    let plugins: [LoadedPlugin]
    /// The engine that handlers get.
    let storage: LoadedStorage?

    private init(_ plugins: [LoadedPlugin], storage: LoadedStorage?) {
        self.plugins = plugins
        self.storage = storage
    }

    /// Loads and starts every plugin of the directory. If one fails, those that were already started are stopped.
    ///
    /// - Parameters:
    ///   - reading: where the settings come from.
    ///   - acceptsLoss: the storage engine may drop what it cannot recover.
    /// - Throws: `PluginError` for one plugin at fault; `StartError` for several faults, and for problems in the plugins'
    ///   part of the configuration.
    public static func load(
        _ settings: PluginSettings, stateDirectory: String, from reading: ConfigurationReading? = nil,
        acceptsLoss: Bool = false
    ) throws -> PluginHost {
        let survey = PluginSurvey(settings)
        try survey.check(with: reading)
        return try start(survey, settings, stateDirectory, acceptsLoss)
    }

    private static func start(
        _ survey: PluginSurvey, _ settings: PluginSettings, _ stateDirectory: String, _ acceptsLoss: Bool
    ) throws(PluginError) -> PluginHost {
        var started: [LoadedPlugin] = []
        do throws(PluginError) {
            var storage: LoadedStorage?
            for library in survey.inOrder {
                let plugin = try start(library, settings, stateDirectory, storage, acceptsLoss)
                started.append(plugin)
                if library.path == survey.engine?.path { storage = plugin.storage }
            }
            return PluginHost(started, storage: storage)
        } catch {
            // They may hold files, which the next attempt needs.
            _ = PluginHost(started, storage: nil).stop(
                within: UInt64(clamping: settings.startTimeoutMilliseconds) &* 1_000_000)
            throw error
        }
    }

    /// Opens and checks every plugin of the directory without starting it.
    ///
    /// - Parameter reading: where the settings come from. Its own problems are reported together with the plugins'.
    /// - Returns: a line for each plugin.
    /// - Throws: everything that is wrong, as `load` does.
    public static func check(_ settings: PluginSettings, from reading: ConfigurationReading? = nil) throws -> [String] {
        // The standard directory, which stands for a wrong one, may have other plugins.
        if let reading, reading.isPluginDirectoryWrong { throw reading.error(reading.problems) }
        let survey = PluginSurvey(settings)
        try survey.check(with: reading)
        return survey.inOrder.map { library in
            let storage = library.path == survey.engine?.path ? ["storage"] : []
            let provides = (storage + library.methods.map(\.name)).joined(separator: ", ")
            return "\(library.name) \(library.version) (\(library.path)): \(provides)"
        }
    }

    private static func start(
        _ library: PluginLibrary, _ settings: PluginSettings, _ stateDirectory: String, _ storage: LoadedStorage?,
        _ acceptsLoss: Bool
    ) throws(PluginError) -> LoadedPlugin {
        let directory = library.needsDirectory ? try PluginOwnDirectory.prepare(for: library, in: stateDirectory) : nil
        let start: PluginStart
        do throws(SystemError) {
            start = try unsafe PluginStart(
                library, PluginSelf.immortal(library.name, settings), host: HostTable.shared,
                configuration: settings.section(of: library.name), stateDirectory: stateDirectory, directory: directory,
                storage: storage, acceptsLoss: acceptsLoss, strippedParameters: settings.strippedParameters)
        } catch {
            throw PluginError(library.path, "cannot be started: \(error)")
        }
        return try start.run(within: settings.startTimeoutMilliseconds)
    }

    // MARK: Life

    /// Tells all plugins that no new requests come.
    public func drain() { for plugin in plugins { plugin.drain() } }

    /// The service has started: background work begins, and calls have loops to run on.
    func attach(_ loops: any LoopDirectory) { for plugin in plugins { plugin.own.attach(loops) } }

    /// Stops the plugins, each with its background work, in the reverse order of their start: the engine comes last. No
    /// request may be in flight.
    ///
    /// - Parameter nanoseconds: how long all of them may take together.
    /// - Returns: false if one took too long. Its thread still runs, so the process should end without exit handlers.
    public func stop(within nanoseconds: UInt64) -> Bool {
        let deadline = MonotonicClock.after(nanoseconds: nanoseconds)
        for plugin in plugins.reversed() {
            let call = try? BoundedCall {
                plugin.stop()
                return true
            }
            guard call?.wait(until: deadline) == true else {
                Log.warning("\(plugin.name) did not stop in time", ["PLUGIN": plugin.name])
                return false
            }
            guard plugin.own.background.finish(until: deadline) else { return false }
        }
        return true
    }

    /// "store 0.1.0", for each.
    public var summary: [String] { plugins.map { "\($0.name) \($0.version)" } }

    /// The number of articles and the size of the engine's file; nil if the engine has no statistics.
    public var stored: (articles: UInt64, bytes: UInt64)? {
        storage?.statistics().map { ($0.records, $0.file_bytes) }
    }

    /// The figures of all plugins.
    func figures() -> [PluginFigure] { plugins.flatMap { $0.figures() } }

    /// The background work of the plugins that have had any.
    func backgroundUsage() -> [(plugin: String, usage: BackgroundWork.Usage)] {
        plugins.compactMap { plugin in plugin.own.background.usage.map { (plugin.name, $0) } }
    }

    /// The health of each plugin.
    func health() -> [ComponentHealth] { plugins.map { $0.health() } }

    /// The problems in the plugins' sections of a reloaded configuration.
    public func problems(in settings: PluginSettings) -> [ConfigurationProblem] {
        PluginSurvey.problems(in: settings, plugins.map(\.library))
    }

    /// Gives each plugin its section of a reloaded configuration.
    public func reload(_ settings: PluginSettings) -> PluginReload {
        var result = PluginReload()
        for plugin in plugins {
            do throws(PluginError) {
                let isTaken = try plugin.reload(settings.section(of: plugin.name))
                if !isTaken { result.fixed.insert(plugin.name) }
            } catch {
                result.refusals.append((plugin.name, error))
            }
        }
        return result
    }
}

/// What came of giving plugins their sections of a reloaded configuration.
public struct PluginReload: Sendable {
    /// The plugins that refused their section, and why.
    public var refusals: [(name: String, error: PluginError)] = []
    /// The plugins whose section is fixed at the start.
    public var fixed: Set<String> = []
    /// The plugins that keep their old section.
    public var keepers: Set<String> { fixed.union(refusals.map(\.name)) }
}

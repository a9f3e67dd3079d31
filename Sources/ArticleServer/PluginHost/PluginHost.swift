// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import JSONTree
internal import LinuxRuntime
internal import Spelling

/// The plugins of this process: all of the plugin directory, checked and started, or none.
public final class PluginHost: Sendable {
    /// In the order of loading: the storage engine first, then by file name.
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
    /// - Throws: `PluginError` for the first fault found; `StartError` for all problems in the plugins' sections of the
    ///   configuration.
    public static func load(
        _ settings: PluginSettings, stateDirectory: String, from reading: ConfigurationReading? = nil,
        acceptsLoss: Bool = false
    ) throws -> PluginHost {
        let libraries = try open(settings)
        let engine = try engine(among: libraries, settings)
        let problems = problems(in: settings, libraries)
        guard problems.isEmpty else {
            throw reading?.error(problems) ?? StartError(.configuration, problems.map(\.description))
        }
        return try start(libraries, engine, settings, stateDirectory, acceptsLoss)
    }

    private static func start(
        _ libraries: [PluginLibrary], _ engine: PluginLibrary?, _ settings: PluginSettings, _ stateDirectory: String,
        _ acceptsLoss: Bool
    ) throws(PluginError) -> PluginHost {
        var started: [LoadedPlugin] = []
        do throws(PluginError) {
            var storage: LoadedStorage?
            for library in order(libraries, engine: engine) {
                if library.needsStorage, storage == nil {
                    throw noStorage(for: library, settings)
                }
                let plugin = try start(library, settings, stateDirectory, storage, acceptsLoss)
                started.append(plugin)
                if library.path == engine?.path { storage = plugin.storage }
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
    /// - Returns: a line for each plugin, and the problems in their sections of the configuration.
    public static func check(
        _ settings: PluginSettings
    ) throws(PluginError) -> (plugins: [String], problems: [ConfigurationProblem]) {
        let libraries = try open(settings)
        let engine = try engine(among: libraries, settings)
        if engine == nil, let library = libraries.first(where: \.needsStorage) {
            throw noStorage(for: library, settings)
        }
        let lines = order(libraries, engine: engine).map { library in
            let storage = library.path == engine?.path ? ["storage"] : []
            let provides = (storage + library.methods.map(\.name)).joined(separator: ", ")
            return "\(library.name) \(library.version) (\(library.path)): \(provides)"
        }
        return (lines, problems(in: settings, libraries))
    }

    /// The problems in the plugins' sections.
    private static func problems(in settings: PluginSettings, _ libraries: [PluginLibrary]) -> [ConfigurationProblem] {
        let names = libraries.map(\.name)
        let unknown = settings.sections.keys.filter { !names.contains($0) }.sorted().map { name in
            let meant = Suggestion.closest(to: name, among: names)
            return ConfigurationProblem(
                JSONPath([.member("plugins"), .member(name)]),
                "there is no plugin \(name); "
                    + (meant.map { "did you mean \($0)?" } ?? "there are: \(names.joined(separator: ", "))"),
                about: .name)
        }
        // A plugin without a section may lack a setting that it needs, unless it is an engine that is not chosen.
        let checked = libraries.filter { library in
            settings.sections[library.name] != nil || !library.providesStorage
                || settings.storage == nil || settings.storage == library.name
        }
        return unknown + checked.flatMap { $0.problems(in: settings) }
    }

    private static func noStorage(for library: PluginLibrary, _ settings: PluginSettings) -> PluginError {
        PluginError(
            library.path,
            "needs storage, and no plugin in \(settings.directory) provides it; add an engine such as LMDBStorage")
    }

    private static func start(
        _ library: PluginLibrary, _ settings: PluginSettings, _ stateDirectory: String, _ storage: LoadedStorage?,
        _ acceptsLoss: Bool
    ) throws(PluginError) -> LoadedPlugin {
        let start: PluginStart
        do throws(SystemError) {
            start = try unsafe PluginStart(
                library, host: HostTable.shared, configuration: settings.section(of: library.name),
                stateDirectory: stateDirectory, storage: storage, acceptsLoss: acceptsLoss)
        } catch {
            throw PluginError(library.path, "cannot be started: \(error)")
        }
        return try start.run(within: settings.startTimeoutMilliseconds)
    }

    // MARK: Checks across plugins

    private static func open(_ settings: PluginSettings) throws(PluginError) -> [PluginLibrary] {
        var libraries: [PluginLibrary] = []
        for path in try PluginDirectory.libraries(in: settings.directory) {
            let library = try PluginLibrary(opening: path)
            if let other = libraries.first(where: { $0.name == library.name }) {
                throw PluginError(path, "is named \(library.name), as \(other.path) is; remove one of them")
            }
            for method in library.methods {
                if let other = libraries.first(where: { $0.methods.contains { $0.name == method.name } }) {
                    throw PluginError(
                        path, "claims the method \(method.name), as \(other.path) does; remove one of them")
                }
            }
            libraries.append(library)
        }
        for name in settings.required where !libraries.contains(where: { $0.name == name }) {
            throw PluginError(
                settings.directory,
                "the required plugin \(name) is not there; install it, or take it out of plugins.required")
        }
        return libraries
    }

    /// The engine that the configuration names, or the only one.
    private static func engine(
        among libraries: [PluginLibrary], _ settings: PluginSettings
    ) throws(PluginError) -> PluginLibrary? {
        let engines = libraries.filter(\.providesStorage)
        if let name = settings.storage {
            guard let engine = engines.first(where: { $0.name == name }) else {
                throw PluginError(
                    settings.directory, "no plugin named \(name) there provides storage, as plugins.storage wants")
            }
            return engine
        }
        guard engines.count <= 1 else {
            throw PluginError(
                settings.directory,
                "\(engines.map(\.name).joined(separator: " and ")) both provide storage; say which in plugins.storage")
        }
        return engines.first
    }

    /// The engine first. Other engines are not started at all, unless they have methods.
    private static func order(_ libraries: [PluginLibrary], engine: PluginLibrary?) -> [PluginLibrary] {
        let others = libraries.filter { $0.path != engine?.path && !($0.providesStorage && $0.methods.isEmpty) }
        return (engine.map { [$0] } ?? []) + others
    }

    // MARK: Life

    /// Tells all plugins that no new requests come.
    public func drain() { for plugin in plugins { plugin.drain() } }

    /// Stops the handlers, then the engine that they use. No request may be in flight.
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
        }
        return true
    }

    /// "store 0.1.0", for each.
    public var summary: [String] { plugins.map { "\($0.name) \($0.version)" } }

    /// The number of articles and the size of the engine's file; nil if the engine has no statistics.
    public var stored: (articles: UInt64, bytes: UInt64)? {
        storage?.statistics().map { ($0.records, $0.file_bytes) }
    }

    /// The health of each plugin.
    func health() -> [ComponentHealth] { plugins.map { $0.health() } }

    /// The problems in the plugins' sections of a reloaded configuration.
    public func problems(in settings: PluginSettings) -> [ConfigurationProblem] {
        Self.problems(in: settings, plugins.map(\.library))
    }

    /// Gives each plugin its section of a reloaded configuration.
    ///
    /// - Returns: the errors of plugins that keep their old section.
    public func reload(_ settings: PluginSettings) -> [PluginError] {
        plugins.compactMap { plugin in
            do throws(PluginError) {
                try plugin.reload(settings.section(of: plugin.name))
                return nil
            } catch {
                return error
            }
        }
    }
}

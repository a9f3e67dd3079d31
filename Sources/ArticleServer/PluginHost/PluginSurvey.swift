// SPDX-License-Identifier: Apache-2.0
internal import JSONTree
internal import Spelling

/// The plugins of a directory, opened and checked but not started, and everything that is wrong with them.
///
/// A fault does not end the survey: whoever repairs a configuration wants to see all of them at once.
struct PluginSurvey {
    /// The libraries that could be opened, in the order of their file names.
    private(set) var libraries: [PluginLibrary] = []
    /// The storage engine that handlers get: the one that the configuration names, or the only one.
    private(set) var engine: PluginLibrary?
    /// Libraries that cannot be used, or the directory.
    private(set) var errors: [PluginError] = []
    /// Those to start, in this order.
    private(set) var inOrder: [PluginLibrary] = []
    /// What is wrong with the section `plugins`.
    private(set) var problems: [ConfigurationProblem] = []

    private let settings: PluginSettings
    /// The paths of libraries that could not be opened. What their plugins are called is not known.
    private var broken: [String] = []

    init(_ settings: PluginSettings) {
        self.settings = settings
        let paths: [String]
        do throws(PluginError) {
            paths = try PluginDirectory.libraries(in: settings.directory)
        } catch {
            // Every name would be reported as missing, for this one reason.
            errors = [error]
            return
        }
        for path in paths { open(path) }
        checkRequired()
        chooseEngine()
        do throws(PluginError) {
            inOrder = try StartOrder.of(libraries, engine: engine, directory: settings.directory)
        } catch {
            errors.append(error)
        }
        problems += Self.problems(in: settings, libraries, broken: broken)
    }

    /// Throws everything that is wrong, including the problems of `reading`: a `PluginError` for one plugin at fault and nothing
    /// else, a `StartError` otherwise.
    func check(with reading: ConfigurationReading?) throws {
        let all = (reading?.problems ?? []) + problems
        if let error = errors.first, errors.count == 1, all.isEmpty { throw error }
        guard !all.isEmpty || !errors.isEmpty else { return }
        let texts = all.isEmpty ? [] : reading?.error(all).problems ?? all.map(\.description)
        throw StartError(all.isEmpty ? .plugin : .configuration, texts + errors.map(\.description))
    }

    private mutating func open(_ path: String) {
        do throws(PluginError) {
            let library = try PluginLibrary(opening: path)
            if let other = libraries.first(where: { $0.name == library.name }) {
                throw PluginError(path, "is named \(library.name), as \(other.path) is; remove one of them")
            }
            for method in library.methods {
                if let other = libraries.first(where: { $0.methods.contains { $0.name == method.name } }) {
                    errors.append(
                        PluginError(
                            path, "claims the method \(method.name), as \(other.path) does; remove one of them"))
                    break
                }
            }
            libraries.append(library)
        } catch {
            errors.append(error)
            broken.append(path)
        }
    }

    private mutating func checkRequired() {
        let names = libraries.map(\.name)
        for (index, name) in settings.required.enumerated() where !name.isEmpty && !names.contains(name) {
            let place = JSONPath([.member("plugins"), .member("required"), .element(index)])
            guard let text = Self.missing(name, among: names, broken: broken) else { continue }
            problems.append(ConfigurationProblem(place, text))
        }
    }

    private mutating func chooseEngine() {
        let engines = libraries.filter(\.providesStorage)
        if let name = settings.storage {
            engine = engines.first { $0.name == name }
            guard engine == nil else { return }
            let place = JSONPath([.member("plugins"), .member("storage")])
            let names = engines.map(\.name)
            if libraries.contains(where: { $0.name == name }) {
                let others = names.isEmpty ? "no plugin there does" : "there are: \(names.joined(separator: ", "))"
                problems.append(ConfigurationProblem(place, "the plugin \(name) provides no storage; \(others)"))
            } else if let text = Self.missing(name, among: names, broken: broken) {
                problems.append(ConfigurationProblem(place, text))
            }
            return
        }
        if engines.count > 1 {
            let names = engines.map(\.name).joined(separator: " and ")
            errors.append(
                PluginError(settings.directory, "\(names) both provide storage; say which in plugins.storage"))
        } else {
            engine = engines.first
        }
        // A broken library may be the engine. One error is enough for all plugins that need it.
        if engines.isEmpty, broken.isEmpty, let library = libraries.first(where: \.needsStorage) {
            errors.append(
                PluginError(
                    library.path,
                    "needs storage, and no plugin in \(settings.directory) provides it; add an engine such as LMDBStorage"
                ))
        }
    }

    /// The problems in the plugins' sections.
    ///
    /// - Parameter broken: the paths of libraries that could not be opened.
    static func problems(
        in settings: PluginSettings, _ libraries: [PluginLibrary], broken: [String] = []
    ) -> [ConfigurationProblem] {
        let names = libraries.map(\.name)
        let unknown = settings.sections.keys.filter { !names.contains($0) }.sorted().compactMap { name in
            missing(name, among: names, broken: broken).map {
                ConfigurationProblem(JSONPath([.member("plugins"), .member(name)]), $0, about: .name)
            }
        }
        // A plugin without a section may lack a setting that it needs, unless it is an engine that is not chosen.
        let checked = libraries.filter { library in
            settings.sections[library.name] != nil || !library.providesStorage
                || settings.storage == nil || settings.storage == library.name
        }
        return unknown + checked.flatMap { $0.problems(in: settings) }
    }

    /// What to say about a name that no opened plugin has; nil if a broken library, which is reported, is named alike.
    private static func missing(_ name: String, among names: [String], broken: [String]) -> String? {
        guard !broken.contains(where: { plain($0.split(separator: "/").last ?? "") == plain(name) }) else { return nil }
        let advice =
            if let meant = Suggestion.closest(to: name, among: names) {
                "did you mean \(meant)?"
            } else if !broken.isEmpty {
                "it may be in a library that cannot be used: \(broken.joined(separator: ", "))"
            } else if names.isEmpty {
                "there are none"
            } else {
                "there are: \(names.joined(separator: ", "))"
            }
        return "there is no plugin \(name); \(advice)"
    }

    /// A plugin's name, and the file name that its library has by convention, become the same: "lmdb-storage" and
    /// "libLMDBStorage.so".
    private static func plain(_ name: some StringProtocol) -> String {
        var text = name.lowercased().filter { $0 != "-" && $0 != "_" }[...]
        if text.hasSuffix(".so") {
            text = text.dropLast(3)
            if text.hasPrefix("lib") { text = text.dropFirst(3) }
        }
        return String(text)
    }
}

public import ArticleProtocol
internal import JSONTree

/// A plugin's own section of articled's configuration.
public struct PluginConfiguration: Sendable {
    /// The section as JSON; `{}` if there is none.
    public let json: [UInt8]

    /// A section as JSON.
    public init(json: [UInt8]) { self.json = json }

    /// Reads the section into a type of the plugin's own.
    ///
    /// A member that no coding key names is an error, at every depth, so that a misspelt one is told and not ignored; and
    /// all that is wrong is told at once, a line for each with its path, as far as the type decodes with `decodeIfPresent`
    /// (as optional properties do):
    ///
    /// ```swift
    /// struct Settings: Decodable {
    ///     var model: String?
    ///     var workers: Int?
    /// }
    /// let settings = try context.configuration.decode(Settings.self) { settings, problems in
    ///     if let workers = settings.workers, workers < 1 { problems.add("workers", "\(workers); at least 1 is needed") }
    /// }
    /// ```
    ///
    /// - Parameter check: what the type alone does not tell.
    ///
    /// Throws `invalidArgument`.
    public func decode<Settings: Decodable>(
        _ type: Settings.Type, check: (Settings, inout SettingsProblems) -> Void = { _, _ in }
    ) throws(ServiceError) -> Settings {
        let tree: JSONValue
        do throws(JSONError) {
            tree = try JSONValue(json5: json)
        } catch {
            throw ServiceError(.invalidArgument, "the section is no JSON: \(error)")
        }
        guard case .object = tree else {
            throw ServiceError(.invalidArgument, "\(tree.kind), where an object belongs")
        }
        let notes = SettingsNotes()
        var settings: Settings?
        do {
            settings = try Settings(from: SettingsDecoder(tree, path: "", notes))
        } catch let error as DecodingError {
            notes.add(error)
        } catch {
            notes.problems.add("", "\(error)")
        }
        notes.tellUnknown()
        if let settings { check(settings, &notes.problems) }
        if let settings, notes.problems.lines.isEmpty { return settings }
        throw ServiceError(.invalidArgument, notes.problems.lines.joined(separator: "\n"))
    }

    /// The same for a type whose coding keys are known: as plugins were written before version 1.1 of the boundary.
    public func decode<Settings: Decodable, Keys: CodingKey & CaseIterable>(
        _ type: Settings.Type, keys: Keys.Type
    ) throws(ServiceError) -> Settings {
        try decode(type)
    }

    /// For a plugin that has nothing to be configured: throws if there is anything.
    public func expectEmpty() throws(ServiceError) {
        _ = try decode(NoSettings.self)
    }

    private struct NoSettings: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: Keys.self) }
        private struct Keys: CodingKey {
            let stringValue = ""
            let intValue: Int? = nil
            init?(stringValue: String) { nil }
            init?(intValue: Int) { nil }
        }
    }
}

/// What is wrong with a plugin's section of the configuration: collected, so that all of it is told at once.
public struct SettingsProblems {
    /// "workers: 0; 1 to 64 are allowed"
    private(set) var lines: [String] = []

    /// - Parameters:
    ///   - path: of the member, within the section: "workers", "limits.size", "sources[2]"; empty for the whole.
    ///   - text: what is wrong, and what would be right.
    public mutating func add(_ path: String, _ text: String) {
        let line = path.isEmpty ? text : "\(path): \(text)"
        lines.append(String(line.map { $0.isNewline ? " " : $0 }))
    }
}

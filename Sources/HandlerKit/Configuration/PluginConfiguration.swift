// SPDX-License-Identifier: Apache-2.0
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
    /// The type alone tells which members there are and of which kind they are. Unknown members, missing ones and those of
    /// another kind are errors, at every depth. All errors are reported at once, one line each, with the path of the
    /// member; articled adds the line of the configuration file:
    ///
    /// ```swift
    /// struct Settings: Decodable {
    ///     enum Mode: String, Decodable, CaseIterable { case fast, exact }
    ///     var model: String?
    ///     var mode: Mode?
    ///     var workers: Int?
    /// }
    /// let settings = try context.configuration.decode(Settings.self) { settings, problems in
    ///     if let workers = settings.workers, workers < 1 { problems.add("workers", "must be at least 1, is \(workers)") }
    /// }
    /// ```
    ///
    /// The names of an enum's cases are listed in the error if it is `CaseIterable`.
    ///
    /// - Parameter check: what the type alone does not tell. Called only if there are values for all members; problems
    ///   with members that were wrong already are ignored.
    ///
    /// Throws `invalidArgument`.
    public func decode<Settings: Decodable>(
        _ type: Settings.Type, check: (Settings, inout SettingsProblems) -> Void = { _, _ in }
    ) throws(ServiceError) -> Settings {
        let tree: JSON
        do throws(JSONError) {
            tree = try JSONParser.parse(json, as: .json5)
        } catch {
            throw ServiceError(.invalidArgument, "the section is not valid JSON: \(error.message)")
        }
        guard case .members = tree else {
            throw ServiceError(.invalidArgument, "must be an object, is \(tree.kind)")
        }
        var problems = SettingsProblems()
        let settings = SettingsReader(tree).read(type, &problems)
        if let settings { check(settings, &problems) }
        if let settings, problems.lines.isEmpty { return settings }
        throw ServiceError(.invalidArgument, problems.lines.joined(separator: "\n"))
    }

    /// The same for a type whose coding keys are known: as plugins were written before version 1.1 of the boundary.
    public func decode<Settings: Decodable, Keys: CodingKey & CaseIterable>(
        _ type: Settings.Type, keys: Keys.Type
    ) throws(ServiceError) -> Settings {
        try decode(type)
    }

    /// For a plugin without settings: throws if the section has any member.
    public func expectEmpty() throws(ServiceError) { _ = try decode(NoSettings.self) }

    private struct NoSettings: Decodable {}
}

/// Stands for the settings of a plugin that declares no `Settings` type: every section is accepted, and left to the plugin.
public struct AnySettings: Decodable {
    /// Reads nothing.
    public init(from decoder: any Decoder) {}
}

extension PluginConfiguration {
    /// Throws everything that is wrong with the section: what the type of the settings tells, and what the plugin's own
    /// check adds.
    func check<Settings: Decodable>(
        _ type: Settings.Type, and own: (PluginConfiguration) throws -> Void
    ) throws {
        var lines: [Substring] = []
        do throws(ServiceError) { _ = try decode(type) } catch { lines = error.message.split(separator: "\n") }
        do { try own(self) } catch  where lines.isEmpty {
            throw error
        } catch {
            // The plugin's own check usually reads the same type.
            let more = (error as? ServiceError)?.message ?? "\(error)"
            lines += more.split(separator: "\n").filter { !lines.contains($0) }
        }
        guard lines.isEmpty else { throw ServiceError(.invalidArgument, lines.joined(separator: "\n")) }
    }
}

/// Collects what is wrong with a plugin's section of the configuration, so that all of it is reported at once.
public struct SettingsProblems {
    /// "workers: must be from 1 to 64, is 0"
    private(set) var lines: [String] = []
    /// The members that are wrong already.
    private var reported: [JSONPath] = []

    /// Adds a problem, unless the member or something around it is wrong already.
    ///
    /// - Parameters:
    ///   - path: of the member, within the section: "workers", "limits.size", "sources[2]"; empty for the whole.
    ///   - text: what is wrong, and what would be right.
    public mutating func add(_ path: String, _ text: String) { add(JSONPath(path), text) }

    mutating func add(_ path: JSONPath, _ text: String) {
        guard !reported.contains(where: { !$0.isEmpty && $0.isPrefix(of: path) }) else { return }
        append(path, text)
    }

    mutating func append(_ path: JSONPath, _ text: String) {
        reported.append(path)
        let line = path.isEmpty ? text : "\(path): \(text)"
        lines.append(String(line.map { $0.isNewline ? " " : $0 }))
    }
}

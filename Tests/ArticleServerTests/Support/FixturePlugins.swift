import ArticleServer

/// The misbehaving plugins of Tests/Fixtures, compiled into a plugin directory.
struct FixturePlugins {
    let directory: TemporaryDirectory

    init(_ names: String...) throws {
        directory = try TemporaryDirectory()
        let build = "\(#filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" })/Fixtures/Plugins/build"
        for name in names { try Command.run("/bin/sh", [build, name, "\(directory.path)/\(name).so"]) }
    }

    func path(of name: String) -> String { "\(directory.path)/\(name).so" }

    /// Settings with this directory; a second is plenty for what the fixtures do at start.
    var settings: PluginSettings { PluginSettings(directory: directory.path, startTimeoutMilliseconds: 10_000) }
}

internal import ArticleServer

/// `--check-configuration`
enum ConfigurationCheck {
    /// Says what is right; throws what is wrong. Plugins are opened but not started, so their own sections are not read.
    static func run(_ arguments: Arguments) throws {
        let (configuration, path) = try ServerConfiguration.effective(arguments)
        print("configuration: \(path ?? "none, the defaults")")
        for address in configuration.listen { print("listen: \(address)") }
        for address in configuration.listenMetrics { print("listen for metrics: \(address)") }
        print("plugins: \(configuration.plugins.directory)")
        for line in try PluginHost.check(configuration.plugins) { print("  \(line)") }
        print("all is well; plugins check their own sections when they start")
    }
}

extension ServerConfiguration {
    /// The configuration file's, or the defaults, with what the command line says in its place.
    static func effective(_ arguments: Arguments) throws(StartError) -> (ServerConfiguration, path: String?) {
        var (configuration, path) = try ConfigurationFile.read(arguments.configuration)
        if !arguments.listen.isEmpty { configuration.listen = arguments.listen }
        if let directory = arguments.plugins { configuration.plugins.directory = directory }
        if let directory = arguments.stateDirectory { configuration.stateDirectory = directory }
        if let count = arguments.eventLoops { configuration.eventLoops = count }
        if let time = arguments.exitWhenIdle { configuration.exitWhenIdle = time }
        return (configuration, path)
    }
}

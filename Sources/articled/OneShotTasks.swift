internal import ArticleServer

/// `--check-configuration`
enum ConfigurationCheck {
    /// Prints the configuration, or throws all problems. Plugins are opened and check their own sections, but are not
    /// started.
    static func run(_ arguments: Arguments) throws {
        let reading = try ConfigurationReading.effective(arguments)
        let configuration = reading.configuration
        var problems = reading.problems
        do {
            let (plugins, more) = try PluginHost.check(configuration.plugins)
            problems += more
            guard problems.isEmpty else { throw reading.error(problems) }
            print("configuration: \(reading.source?.path ?? "none, the defaults")")
            for address in configuration.listen { print("listen: \(address)") }
            for address in configuration.listenMetrics { print("listen for metrics: \(address)") }
            print("plugins: \(configuration.plugins.directory)")
            for line in plugins { print("  \(line)") }
            print("all is well")
        } catch let error as PluginError {
            guard !problems.isEmpty else { throw error }
            let told = reading.error(problems)
            throw StartError(told.code, told.problems + [error.description])
        }
    }
}

extension ConfigurationReading {
    /// The configuration file or the defaults, with the overrides of the command line.
    static func effective(_ arguments: Arguments) throws(StartError) -> ConfigurationReading {
        var reading = try ConfigurationFile.read(arguments.configuration)
        if !arguments.listen.isEmpty { reading.configuration.listen = arguments.listen }
        if let directory = arguments.plugins { reading.configuration.plugins.directory = directory }
        if let directory = arguments.stateDirectory { reading.configuration.stateDirectory = directory }
        if let count = arguments.eventLoops { reading.configuration.eventLoops = count }
        if let time = arguments.exitWhenIdle { reading.configuration.exitWhenIdle = time }
        return reading
    }
}

/// `--recover`: opens the storage as a start does, drops what cannot be recovered, and closes it.
enum Recovery {
    static func run(_ arguments: Arguments) throws {
        let reading = try ConfigurationReading.effective(arguments)
        let configuration = try reading.checked()
        Log.threshold = configuration.logLevel
        let directory = try StateDirectory.prepare(configuration.stateDirectory)
        let plugins = try PluginHost.load(
            configuration.plugins, stateDirectory: directory, from: reading, acceptsLoss: true)
        if let (articles, bytes) = plugins.stored {
            Log.notice("\(articles) articles are in \(directory), in \(bytes >> 20) MiB: the service can be started")
        }
        _ = plugins.stop(within: UInt64(clamping: configuration.plugins.startTimeoutMilliseconds) &* 1_000_000)
    }
}

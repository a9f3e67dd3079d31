// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer

/// `--check-configuration`
enum ConfigurationCheck {
    /// Prints what the configuration comes to, or everything that is wrong with it, and returns the exit status.
    static func run(_ arguments: Arguments) -> Int32 {
        do {
            try check(arguments)
            return 0
        } catch let error as StartError {
            for line in error.lines { Log.report(line) }
            return error.code.exitStatus
        } catch {
            Log.report("\(error)")
            return (error is PluginError ? StartError.Code.plugin : .system).exitStatus
        }
    }

    /// Plugins are opened and check their own sections, but are not started.
    private static func check(_ arguments: Arguments) throws {
        let reading = try ConfigurationReading.effective(arguments)
        let configuration = reading.configuration
        let plugins = try PluginHost.check(configuration.plugins, from: reading)
        print("configuration: \(reading.source?.path ?? "none, the defaults")")
        for address in configuration.listen { print("listen: \(address)") }
        for address in configuration.listenMetrics { print("listen for metrics: \(address)") }
        print("plugins: \(configuration.plugins.directory)")
        for line in plugins { print("  \(line)") }
        if let tls = configuration.tls { print("tls: \(tls.summary)") }
        for line in configuration.plugins.renamed { print("note: \(line)") }
        for line in configuration.tls?.warnings ?? [] { print("warning: \(line)") }
        print("no problems found")
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

    /// The configuration. If anything is wrong with it, throws that together with all that is wrong with the plugins.
    func checkedWithPlugins() throws -> ServerConfiguration {
        if !problems.isEmpty { _ = try PluginHost.check(configuration.plugins, from: self) }
        return try checked()
    }
}

/// `--recover`: opens the storage as a start does, drops what cannot be recovered, and closes it.
enum Recovery {
    static func run(_ arguments: Arguments) throws {
        let reading = try ConfigurationReading.effective(arguments)
        let configuration = try reading.checkedWithPlugins()
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

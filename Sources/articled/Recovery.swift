import ArticleServer

/// `--recover`: opens the storage as a start would, gives up what cannot be brought back, and closes it again.
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

internal import ArticleServer
internal import Glibc

// articled --listen unix:PATH --plugins DIRECTORY --state-directory DIRECTORY
do {
    let arguments = try Arguments(CommandLine.arguments.dropFirst())
    let listeners = try arguments.listen.map { try Listener(binding: $0) }
    let plugins = try PluginHost.load(
        PluginSettings(directory: arguments.plugins), stateDirectory: arguments.stateDirectory)
    var configuration = ServerConfiguration()
    configuration.eventLoops = arguments.eventLoops
    let server = try Server(configuration: configuration, listeners: listeners, plugins: plugins)
    let signals = try Signals()
    try server.start()
    print("serving on \(listeners.map(\.description).joined(separator: ", "))")
    signals.wait()
    plugins.drain()
    server.drain(within: 30_000_000_000)
    server.join()
    plugins.stop()
} catch {
    print("articled: \(error)")
    exit(78)
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer

/// The running process: its arguments and configuration, its sockets, and the server.
final class Service {
    let arguments: Arguments
    private(set) var configuration: ServerConfiguration
    let listeners: [Listener]
    let plugins: PluginHost
    let server: Server
    /// nil if there is no listener for metrics.
    let metrics: MetricsListener?
    /// The connections that a previous process has stored. They are closed once they are taken over.
    private let handoverDescriptors: [Int32]
    let signals: Signals
    /// The watchdog's limit without a beat, in nanoseconds; nil if there is no watchdog.
    let watchdog: UInt64?

    /// Starts everything, in order. If something fails, no socket file is left behind.
    init(_ arguments: Arguments) throws {
        self.arguments = arguments
        let reading = try ConfigurationReading.effective(arguments)
        configuration = try reading.checkedWithPlugins()
        Log.threshold = configuration.logLevel
        for line in configuration.warnings { Log.warning(line) }
        // Before there is any other thread: this blocks signals for all threads and changes the environment.
        signals = try Signals()
        watchdog = Systemd.watchdog
        let inherited = try Systemd.inheritedSockets()
        handoverDescriptors = inherited.filter { $0.name == Handover.name }.map(\.descriptor)
        listeners = try Self.listeners(configuration, inherited.filter { $0.name != Handover.name })
        do {
            let directory = try StateDirectory.prepare(configuration.stateDirectory)
            Self.raiseDescriptorLimit(configuration)
            plugins = try PluginHost.load(configuration.plugins, stateDirectory: directory, from: reading)
            let server = try Server(
                configuration: configuration, listeners: listeners.filter { $0.purpose == .articles }, plugins: plugins,
                stateDirectory: directory, beatInterval: watchdog.map { $0 / 4 } ?? 0)
            self.server = server
            let forMetrics = listeners.filter { $0.purpose == .metrics }
            metrics = forMetrics.isEmpty ? nil : try MetricsListener(forMetrics) { server.metrics() }
            takeOver()
            try server.start()
            let places = listeners.map { $0.purpose == .metrics ? "\($0) (metrics)" : "\($0)" }.joined(separator: ", ")
            Log.notice(
                "articled \(Version.text) serves on \(places), with \(plugins.summary.joined(separator: ", ")), "
                    + "in \(directory)",
                [
                    "CONFIGURATION": reading.source?.path ?? "defaults", "STATE_DIRECTORY": directory,
                    "PLUGINS": plugins.summary.joined(separator: ","),
                ])
            if let (articles, bytes) = plugins.stored {
                Log.info(
                    "\(articles) articles are stored in \(directory), in \(bytes >> 20) MiB",
                    ["ARTICLES": "\(articles)", "STORAGE_BYTES": "\(bytes)"])
            }
            Systemd.ready("serving on \(places)")
        } catch {
            for listener in listeners { listener.close() }
            throw error
        }
    }

    /// Uses the sockets from the service manager, and binds those of the configuration.
    private static func listeners(
        _ configuration: ServerConfiguration, _ inherited: [InheritedSocket]
    ) throws(StartError) -> [Listener] {
        var listeners: [Listener] = []
        do throws(StartError) {
            for socket in inherited {
                listeners.append(
                    try Listener(
                        inheriting: socket, allowRemote: configuration.allowRemote,
                        allowPlaintext: configuration.allowsPlaintext))
            }
            for (addresses, purpose) in [
                (configuration.listen, Listener.Purpose.articles), (configuration.listenMetrics, .metrics),
            ] {
                for address in addresses {
                    listeners.append(
                        try Listener(
                            binding: address, mode: configuration.socketMode, allowRemote: configuration.allowRemote,
                            allowPlaintext: configuration.allowsPlaintext, purpose: purpose))
                }
            }
        } catch {
            for listener in listeners { listener.close() }
            throw error
        }
        guard listeners.contains(where: { $0.purpose == .articles }) else {
            for listener in listeners { listener.close() }
            throw StartError(
                .usage,
                "nothing to listen on: start articled.socket (systemctl start articled.socket), or give --listen ADDRESS"
            )
        }
        return listeners
    }

    /// Called when everything else has started: if the start fails, the connections stay in the store for the next
    /// attempt.
    private func takeOver() {
        guard !handoverDescriptors.isEmpty else { return }
        for descriptor in handoverDescriptors { server.takeOver(descriptor) }
        DescriptorStore.remove(name: Handover.name)
    }

    private static func raiseDescriptorLimit(_ configuration: ServerConfiguration) {
        let wanted = configuration.limits.maxConnections
        if let room = DescriptorLimit.raise(forConnections: wanted) {
            Log.warning(
                "limits.connections is \(wanted), but there are descriptors for only \(room): raise LimitNOFILE=")
        }
    }

    /// Applies what may change without a restart.
    ///
    /// - Parameter fixed: the plugins that keep their old sections. The next reload names them again if they still differ.
    func apply(_ new: ServerConfiguration, keepingSectionsOf fixed: Set<String>) {
        Log.threshold = new.logLevel
        configuration.logLevel = new.logLevel
        configuration.exitWhenIdle = new.exitWhenIdle
        configuration.slowRequestMilliseconds = new.slowRequestMilliseconds
        configuration.limits = new.limits
        configuration.access = new.access
        configuration.tls = new.tls
        let old = configuration.plugins.sections
        configuration.plugins.sections = new.plugins.sections
        for name in fixed { configuration.plugins.sections[name] = old[name] }
        Self.raiseDescriptorLimit(configuration)
        server.apply(configuration)
    }
}

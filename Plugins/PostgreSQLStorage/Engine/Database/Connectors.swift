// SPDX-License-Identifier: Apache-2.0
internal import HandlerKit
internal import LinuxRuntime

/// Who opens the connections: each on a thread of its own, so that none waits for what another one waits for.
struct Connectors: Sendable {
    /// The one that writes. A new primary lets it wait until a replica has the session that it begins.
    let writing: Connector
    /// Those that watch for changes, and that read.
    let reading: Connector
    /// Those to replicas, if they may answer.
    let replicas: Connector?
    let canceller = Canceller()

    init(_ settings: EngineSettings, _ log: PluginLog) {
        writing = Connector(settings.options, log)
        reading = Connector(settings.options, log)
        replicas = settings.replicas.map { Connector($0, log) }
    }

    /// Starts the threads. They end after ``stop()``, and are not waited for: libpq may wait long for a server.
    ///
    /// - Parameter nanoseconds: how long the one that writes is waited for, which makes the schema.
    func start(within nanoseconds: UInt64, _ ready: @escaping @Sendable (Int, Connection) -> Void) throws(SystemError) {
        try Thread.detach("pg-connect") { [writing] in writing.run(ready) }
        writing.waitForFirstAttempt(nanoseconds: nanoseconds)
        try Thread.detach("pg-connect") { [reading] in reading.run(ready) }
        try Thread.detach("pg-cancel") { [canceller] in canceller.run() }
        if let replicas { try Thread.detach("pg-connect") { replicas.run(ready) } }
    }

    /// Asks for a connection.
    func order(_ link: Int, _ role: ConnectionRole) {
        switch role {
        case .writer: writing.order(link, role)
        case .watcher, .reader: reading.order(link, role)
        case .replica: replicas?.order(link, role)
        }
    }

    /// What is wrong, as far as it is known.
    var trouble: Connector.Trouble {
        for trouble in [writing.trouble, reading.trouble, replicas?.trouble ?? .none] {
            if case .failing = trouble { return trouble }
        }
        return writing.trouble
    }

    /// Ends the threads, as soon as libpq returns.
    func stop() {
        for connector in [writing, reading, replicas] { connector?.stop() }
        canceller.stop()
    }
}

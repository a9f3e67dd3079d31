// SPDX-License-Identifier: Apache-2.0
package import ArticleProtocol
package import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Stores articles in a PostgreSQL database, which other services may use at the same time.
///
/// Everything is asked of the database, so every read waits. One thread has the open connections, others open them.
package final class PostgreSQLStorage: StorageEngine {
    package static let descriptor = PluginDescriptor(name: "postgresql-storage", version: "1.0.0")

    private let settings: EngineSettings
    private let connectors: Connectors
    private let database: DatabaseThread
    private let thread: Thread
    private let watchers = ChangeWatchers()
    private let figures = Figures()
    private let isStopped = Atomic(false)

    /// How long the last writes may take when the service stops, in nanoseconds.
    private static let stopTime: UInt64 = 10_000_000_000

    package convenience init(context: PluginContext) throws {
        try self.init(EngineSettings.read(context.configuration), log: context.log)
    }

    package static func check(_ configuration: PluginConfiguration) throws {
        _ = try EngineSettings.read(configuration)
    }

    /// Connects. If the database cannot be reached, it goes on trying in the background; if it was reached and cannot be
    /// used, this throws.
    init(_ settings: EngineSettings, log: PluginLog = .none) throws {
        self.settings = settings
        connectors = Connectors(settings, log)
        database = try DatabaseThread(settings, connectors, watchers, figures, log)
        thread = try Thread("postgresql") { [database] in database.run() }
        do {
            try connectors.start(within: Self.stopTime) { [database] in database.attach($0, $1) }
        } catch {
            connectors.stop()
            database.stop(by: 0)
            thread.join()
            throw error
        }
        if case .failing(let error, isPermanent: true) = connectors.trouble {
            stop()
            throw error
        }
        // A service that tells that it is ready is.
        let limit = MonotonicClock.after(nanoseconds: Self.stopTime)
        while case .none = connectors.trouble, !isReady, MonotonicClock.now < limit { database.waitForConnections() }
    }

    private var isReady: Bool {
        let (hasWriter, readers) = database.connections
        return hasWriter && readers == settings.links.readers && figures.isKnown
    }

    // MARK: Reading

    package func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        guard let rows = try await read(.article(id)), let row = rows.row(of: id) else { return nil }
        return try Self.record(rows, row, "\(id)")
    }

    package func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        if key.isEmpty { return nil }
        let query = Query(.getByKey) { $0.add(key) }
        guard let rows = try await read(.queries([query])), rows.count > 0 else { return nil }
        return try Self.record(rows, 0, "the article with this key")
    }

    private func read(_ subject: ReadRequest.Subject) async throws(ServiceError) -> Rows? {
        try await database.read(subject, "cannot read an article", mayBeStale: true).first
    }

    private static func record(
        _ rows: Rows, _ row: Int, _ name: @autoclosure () -> String
    ) throws(ServiceError) -> RecordCopy {
        guard let record = RecordCopy(rows, row) else {
            throw ServiceError(
                .dataLoss,
                "\(name()) is damaged in the database: its content does not have the checksum with which it was written"
            )
        }
        return record
    }

    package func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        guard let statement = query.statement() else { return RecordPage() }
        let rows = try await database.read(.queries([statement]), "cannot list articles", mayBeStale: true)
        return rows.first.map { RecordPage($0, query) } ?? RecordPage()
    }

    package func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        let reading = try ChangeReading(query)
        return try await reading.page(database.read(.queries(reading.queries), "cannot read changes"))
    }

    package func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { watchers.add(notify) }

    // MARK: Writing

    package func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        let pending = PendingWrite(write, completion)
        do throws(ServiceError) {
            if let fault = pending.fault { throw fault }
            try database.add(pending)
        } catch {
            pending.refuse(error)
        }
    }

    // MARK: About the storage

    package func statistics() throws(ServiceError) -> StorageStatistics { try figures.statistics() }

    package var health: Health {
        let (hasWriter, readers) = database.connections
        if hasWriter, readers == settings.links.readers { return .healthy }
        var reason = "connections to the database are being opened"
        if case .failing(let error, _) = connectors.trouble { reason = error.message }
        return Health(hasWriter && readers > 0 ? .degraded : .unhealthy, reason)
    }

    /// Answers pending writes, and closes the connections. Later requests are refused.
    package func stop() {
        if isStopped.exchange(true, ordering: .relaxed) { return }
        connectors.stop()
        database.stop(by: MonotonicClock.after(nanoseconds: Self.stopTime))
        thread.join()
    }
}

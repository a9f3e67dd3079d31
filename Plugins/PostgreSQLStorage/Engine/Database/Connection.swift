// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPQ
internal import Glibc

/// A connection to the database.
///
/// Sendable although it is not thread-safe: it is opened on the connector's thread, and then belongs to the I/O thread.
@safe
final class Connection: @unchecked Sendable {
    private let handle: OpaquePointer
    let role: ConnectionRole
    /// Of a writer: the cluster and its timeline. Numbers of transactions mean something only there.
    private(set) var place = ""

    /// Opens a connection. Blocks, as long as `connectTimeout` allows for each address.
    private init(_ options: ConnectionOptions, _ role: ConnectionRole, first: Int) throws(DatabaseError) {
        self.role = role
        let keywords = options.keywords(role, first: first)
        let names = unsafe keywords.map { unsafe UnsafePointer(strdup($0.name)) } + [nil]
        let values = unsafe keywords.map { unsafe UnsafePointer(strdup($0.value)) } + [nil]
        defer {
            for index in unsafe names.indices {
                unsafe free(UnsafeMutablePointer(mutating: names[index]))
                unsafe free(UnsafeMutablePointer(mutating: values[index]))
            }
        }
        guard let handle = unsafe PQconnectdbParams(names, values, 0) else {
            throw .disconnected("libpq has no memory for a connection")
        }
        unsafe self.handle = handle
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw .disconnected(message) }
        // It would print to standard error.
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(handle) }

    /// Opens a connection, and prepares it. Blocks.
    ///
    /// - Parameter first: which of the servers is tried first.
    static func open(
        _ options: ConnectionOptions, _ role: ConnectionRole, first: Int, session: UInt32, isFirst: Bool
    ) throws(ConnectionFailure) -> Connection {
        do throws(DatabaseError) {
            let connection = try Connection(options, role, first: first)
            try connection.run(options.setup(role))
            try connection.checkSchema(role)
            if role == .writer { try connection.beginSession(session, always: isFirst) }
            for statement in role.statements where !statement.isPlannedEachTime { try connection.prepare(statement) }
            if role == .watcher { try connection.run("LISTEN articled_changes") }
            guard unsafe PQsetnonblocking(connection.handle, 1) == 0, unsafe PQenterPipelineMode(connection.handle) == 1
            else { throw DatabaseError.disconnected(connection.message) }
            return connection
        } catch {
            throw ConnectionFailure(error)
        }
    }

    /// The server, as the connection string names it.
    var server: (host: String, port: String) {
        unsafe (
            PQhost(handle).map { unsafe String(cString: $0) } ?? "",
            PQport(handle).map { unsafe String(cString: $0) } ?? ""
        )
    }
    /// The number of the server's process.
    var backend: Int32 { unsafe PQbackendPID(handle) }
    /// The descriptor to poll.
    var descriptor: Int32 { unsafe PQsocket(handle) }
    /// It was lost.
    var isLost: Bool { unsafe PQstatus(handle) == CONNECTION_BAD }
    /// Why the last call failed.
    var message: String { unsafe String(cString: PQerrorMessage(handle)) }

    // MARK: Before it is handed over; these block

    /// Runs statements, and returns the result of the last one, as text.
    @discardableResult
    private func run(_ statements: String) throws(DatabaseError) -> TextRow {
        try unsafe checked(PQexec(handle, statements))
    }

    private func prepare(_ statement: Statement) throws(DatabaseError) {
        _ = try unsafe checked(PQprepare(handle, statement.name, statement.text, 0, nil))
    }

    private func checked(_ result: OpaquePointer?) throws(DatabaseError) -> TextRow {
        guard let result = unsafe result else { throw .disconnected(message) }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return unsafe TextRow(result)
        default: throw unsafe Self.error(result)
        }
    }

    private func inTransaction(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
        try run("BEGIN")
        do throws(DatabaseError) {
            try body()
            try run("COMMIT")
        } catch {
            _ = try? run("ROLLBACK")
            throw error
        }
    }

    private func checkSchema(_ role: ConnectionRole) throws(DatabaseError) {
        if try run(Schema.exists).values.first != "t" {
            guard role == .writer else { throw .disconnected("the schema articled is not there yet") }
            try inTransaction { () throws(DatabaseError) in
                try run(Schema.lock)
                // Another service may have been quicker.
                if try run(Schema.exists).values.first != "t" { try run(Schema.creation) }
            }
        }
        let version = try run(Schema.about).values.first ?? nil
        guard version.flatMap({ Int64($0) }) == Schema.version else {
            throw DatabaseError(
                state: DatabaseError.otherVersion,
                "the schema articled has version \(version ?? "?"), and this articled knows version \(Schema.version) only: use the articled that made it, or another database"
            )
        }
    }

    /// Notes who makes the following changes, if that is new: a service that has started, or a server on another timeline.
    private func beginSession(_ session: UInt32, always: Bool) throws(DatabaseError) {
        try inTransaction { () throws(DatabaseError) in
            let row = try run(Schema.timeline).values
            guard row.count == 4, let cluster = row[0], let timeline = row[1] else {
                throw DatabaseError(state: "XX000", "the server does not tell its timeline")
            }
            place = "\(cluster)/\(timeline)"
            let isElsewhere = row[2] != nil && row[2] != cluster
            guard always || isElsewhere || row[3] != timeline else { return }
            try run(Schema.raise)
            let number = always ? session : .random(in: 1 ... .max)
            try run(Schema.session(number, cluster: cluster, timeline: timeline, isElsewhere: isElsewhere))
        }
    }

    // MARK: On the I/O thread; these never block

    /// Sends queries, and a sync behind them.
    ///
    /// - Returns: `false` if the connection is lost.
    func send(_ queries: [Query]) -> Bool {
        for query in queries {
            let isSent = unsafe query.parameters.withC { values, lengths, formats in
                if query.statement.isPlannedEachTime {
                    unsafe PQsendQueryParams(
                        handle, query.statement.text, Int32(query.parameters.count), nil, values, lengths, formats, 1)
                } else {
                    unsafe PQsendQueryPrepared(
                        handle, query.statement.name, Int32(query.parameters.count), values, lengths, formats, 1)
                }
            }
            if isSent == 0 { return false }
        }
        return unsafe PQpipelineSync(handle) == 1
    }

    /// Writes what is to be sent.
    ///
    /// - Returns: whether there is more, which the socket did not take; `nil` if the connection is lost.
    func flush() -> Bool? {
        switch unsafe PQflush(handle) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// Reads what has arrived.
    ///
    /// - Returns: `false` if the connection is lost.
    func receive() -> Bool { unsafe PQconsumeInput(handle) == 1 }

    /// The means to cancel the query that the server carries out at the time.
    func cancellation() -> Cancellation? {
        guard let cancel = unsafe PQgetCancel(handle) else { return nil }
        return unsafe Cancellation(owning: cancel)
    }

    /// A part of an answer.
    enum Part {
        case rows(Rows)
        case error(DatabaseError)
        /// Skipped, because one before it failed.
        case skipped
        /// The end of the answers to one query.
        case end
        /// The end of the answers to one `send`.
        case sync
    }

    /// The next part that has arrived completely; `nil` if none has.
    func next() -> Part? {
        guard unsafe PQisBusy(handle) == 0 else { return nil }
        guard let result = unsafe PQgetResult(handle) else { return .end }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return .rows(unsafe Rows(owning: result))
        case PGRES_PIPELINE_SYNC:
            unsafe PQclear(result)
            return .sync
        case PGRES_PIPELINE_ABORTED:
            unsafe PQclear(result)
            return .skipped
        default:
            let error = unsafe Self.error(result)
            unsafe PQclear(result)
            return .error(error)
        }
    }

    /// Whether another service has told of changes since the last call.
    func hasNotification() -> Bool {
        var found = false
        while let notification = unsafe PQnotifies(handle) {
            if unsafe notification.pointee.be_pid != backend { found = true }
            unsafe PQfreemem(notification)
        }
        return found
    }

    private static func error(_ result: OpaquePointer) -> DatabaseError {
        // PG_DIAG_SQLSTATE is a character, which is not imported.
        let state = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { unsafe String(cString: $0) }
        let text = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { unsafe String(cString: $0) }
        return DatabaseError(
            state: state ?? "", text ?? (unsafe PQresultErrorMessage(result).map { unsafe String(cString: $0) }) ?? "")
    }
}

/// The first row of a result in text form.
private struct TextRow {
    let values: [String?]

    init(_ result: OpaquePointer) {
        guard unsafe PQntuples(result) > 0 else {
            values = []
            return
        }
        values = (0..<(unsafe PQnfields(result))).map { column in
            guard unsafe PQgetisnull(result, 0, column) == 0 else { return nil }
            return unsafe PQgetvalue(result, 0, column).map { unsafe String(cString: $0) }
        }
    }
}

extension DatabaseError {
    /// Not one of PostgreSQL's.
    static let otherVersion = "ART01"
}

/// Why a connection could not be opened.
struct ConnectionFailure: Error, Sendable {
    let error: DatabaseError

    init(_ error: DatabaseError) { self.error = error }

    /// It will not get better by itself.
    var isPermanent: Bool {
        error.state == DatabaseError.otherVersion || error.state == "42501" || error.state.hasPrefix("42")
    }

    var status: ServiceError {
        if error.state == DatabaseError.otherVersion { return ServiceError(.failedPrecondition, error.message) }
        return error.status("cannot connect to the database")
    }
}

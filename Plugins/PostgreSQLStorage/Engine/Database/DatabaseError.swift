// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Why the database did not do something.
struct DatabaseError: Error, Sendable, Equatable {
    /// The five characters of PostgreSQL's appendix A; empty: there is no connection, or it was lost.
    let state: String
    /// For people, in one line.
    let message: String

    init(state: String, _ message: String) {
        self.state = state
        self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// There is no connection, or it was lost.
    static func disconnected(_ message: String) -> DatabaseError { DatabaseError(state: "", message) }

    /// There is no connection, or it was lost.
    var isDisconnected: Bool { state.isEmpty }

    /// The transaction was rolled back because of another one: it may be repeated, and will probably succeed.
    ///
    /// Unique violations too: another transaction has stored a record with the same id or key meanwhile, and the next
    /// attempt sees it.
    var isRace: Bool { ["40001", "40P01", "23505"].contains(state) }

    /// The connection is of no use any more: the server ends it, or it is no primary any more.
    var endsConnection: Bool {
        isDisconnected || ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "26000"].contains(state)
    }

    /// The error as a status. Nothing was changed.
    ///
    /// - Parameter doing: what failed: "cannot read an article".
    func status(_ doing: String) -> ServiceError {
        let (code, advice): (StatusCode, String) =
            switch state {
            case "": (.unavailable, "it is tried again; retry later")
            case "53100": (.resourceExhausted, "free some disk space on the database's machine")
            case "53200": (.resourceExhausted, "the database's machine is out of memory")
            case "53300": (.unavailable, "raise max_connections of the database, or lower readConnections")
            case "54000", "54001", "54011", "54023", "22001": (.resourceExhausted, "the article is too large")
            case "42501", "28000", "28P01":
                (.failedPrecondition, "give the service's role the rights on schema articled")
            case "25006":
                (.unavailable, "the database is read-only: a standby, or its primary has changed; retry later")
            case "57014": (.unavailable, "it took longer than statementTimeout; retry later")
            case "55P03": (.unavailable, "another writer holds a lock; retry later")
            case "42P01", "3F000", "42703", "42883":
                (.failedPrecondition, "the schema articled is not what this version has made: restore it from a backup")
            case "XX001", "XX002": (.dataLoss, "the database reports damage: see its log")
            case _ where state.hasPrefix("40") || state == "23505":
                (.unavailable, "other writers changed the same articles at the same time; retry later")
            case _ where state.hasPrefix("57") || state.hasPrefix("08"):
                (.unavailable, "the database is stopping or starting; retry later")
            case _ where state.hasPrefix("53"): (.resourceExhausted, "see the database's log")
            default: (.internal, "see the database's log")
            }
        let reason = state.isEmpty ? message : "\(message) (\(state))"
        return ServiceError(code, "\(doing): \(reason); \(advice)")
    }
}

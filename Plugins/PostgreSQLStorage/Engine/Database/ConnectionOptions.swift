// SPDX-License-Identifier: Apache-2.0
internal import CPQ

/// How to reach the database: libpq's connection string, with defaults for what it does not say.
struct ConnectionOptions: Sendable {
    struct Keyword: Sendable {
        let name: String
        let value: String
    }

    private let given: [Keyword]
    private let password: String?
    private let connectTimeout: Int64
    private let statementTimeout: Int64

    /// Reads a connection string: a URI, or keywords and values.
    ///
    /// - Parameters:
    ///   - connectTimeout: for each address, in milliseconds.
    ///   - statementTimeout: in milliseconds.
    ///   - problem: called with the reason if it is malformed.
    init(_ text: String, password: String?, connectTimeout: Int64, statementTimeout: Int64, problem: (String) -> Void) {
        self.password = password
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        var message: UnsafeMutablePointer<CChar>?
        guard let parsed = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "libpq cannot read it"
            problem(reason.split(whereSeparator: \.isNewline).joined(separator: " "))
            unsafe PQfreemem(message)
            given = []
            return
        }
        defer { unsafe PQconninfoFree(parsed) }
        var keywords: [Keyword] = []
        var option = unsafe parsed
        while let name = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                keywords.append(Keyword(name: unsafe String(cString: name), value: unsafe String(cString: value)))
            }
            unsafe option += 1
        }
        given = keywords
    }

    /// What libpq is given for a connection.
    func keywords(_ role: ConnectionRole) -> [Keyword] {
        var all = given
        func add(_ name: String, _ value: String) {
            if !all.contains(where: { $0.name == name }) { all.append(Keyword(name: name, value: value)) }
        }
        if let password { add("password", password) }
        add("application_name", "articled")
        // libpq takes whole seconds, and at least two.
        add("connect_timeout", "\(max(2, (connectTimeout + 999) / 1000))")
        // A server that was unplugged: libpq would wait for a quarter of an hour.
        add("tcp_user_timeout", "\(statementTimeout + 5000)")
        add("keepalives_idle", "10")
        add("keepalives_interval", "5")
        add("keepalives_count", "3")
        // Sequence numbers and the horizon of changes are the primary's.
        add("target_session_attrs", "read-write")
        return all
    }

    /// What is set on each connection.
    func setup(_ role: ConnectionRole) -> String {
        """
        SET statement_timeout = \(statementTimeout);
        SET lock_timeout = \(statementTimeout);
        SET idle_in_transaction_session_timeout = \(2 * statementTimeout);
        SET jit = off;
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        \(role == .writer ? "SET enable_mergejoin = off;" : "")
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """
    }
}

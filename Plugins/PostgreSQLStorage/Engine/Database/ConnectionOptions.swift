// SPDX-License-Identifier: Apache-2.0
internal import CPQ

/// How to reach the database: libpq's connection string, with defaults for what it does not say.
struct ConnectionOptions: Sendable {
    struct Keyword: Sendable {
        let name: String
        let value: String
    }

    private var given: [Keyword]
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

    /// The same servers, and a replica among them if there is one.
    var preferringReplicas: ConnectionOptions {
        var options = self
        options.given.removeAll { $0.name == "target_session_attrs" }
        return options
    }

    /// The values of a keyword that may have one for each server.
    private func list(_ name: String) -> [Substring] {
        given.last { $0.name == name }?.value.split(separator: ",", omittingEmptySubsequences: false) ?? []
    }

    /// The number of servers that are named.
    var serverCount: Int { max(1, list("host").count, list("hostaddr").count) }

    /// The place of a server in the list, by what libpq calls it.
    func server(_ host: String, port: String) -> Int? {
        let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        return (0..<serverCount).first { index in
            let named = index < ports.count ? ports[index] : ports.count == 1 ? ports[0] : ""
            return (index < hosts.count && hosts[index] == host || index < addresses.count && addresses[index] == host)
                && (named.isEmpty || named == port)
        }
    }

    /// What libpq is given for a connection.
    ///
    /// - Parameter first: which server is tried first; the others follow in their order. One that was unplugged costs each
    ///   connection the whole `connectTimeout`, unless a server behind it takes the connection before.
    func keywords(_ role: ConnectionRole, first: Int = 0) -> [Keyword] {
        var all = given.map { keyword in
            guard ["host", "hostaddr", "port"].contains(keyword.name) else { return keyword }
            let values = list(keyword.name)
            guard first > 0, first < values.count else { return keyword }
            return Keyword(
                name: keyword.name, value: (values[first...] + values[..<first]).joined(separator: ","))
        }
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
        add("target_session_attrs", role == .replica ? "prefer-standby" : "read-write")
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

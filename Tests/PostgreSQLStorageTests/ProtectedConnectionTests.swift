// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import PostgreSQLEngine
@testable import PostgreSQLServer
@testable import StorageRules

/// Connections over TCP: TLS with the server's certificate checked, and passwords.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ProtectedConnectionTests {
    /// A server with TLS, which takes nothing else over TCP, and asks for passwords there. Its certificate is for localhost.
    private static func cluster() throws -> Cluster {
        let cluster = try Cluster(["listen_addresses = '127.0.0.1'"], port: Cluster.freePort())
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        for name in ["ca", "other-ca"] {
            try cluster.runAsServer(
                "openssl req -x509 \(key) -keyout \(name).key -out \(name).crt -subj /CN=\(name) 2>&1")
        }
        try cluster.runAsServer("openssl req \(key) -keyout server.key -out server.csr -subj /CN=server 2>&1")
        try cluster.runAsServer("echo subjectAltName=DNS:localhost >server.ext")
        try cluster.runAsServer(
            "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt 2>&1"
        )
        try cluster.runAsServer(
            "printf 'local all all trust\\nhostssl all all 127.0.0.1/32 scram-sha-256\\n' >data/pg_hba.conf")
        try cluster.sql("ALTER SYSTEM SET ssl_cert_file = '\(cluster.directory)/server.crt'")
        try cluster.sql("ALTER SYSTEM SET ssl_key_file = '\(cluster.directory)/server.key'")
        try cluster.sql("ALTER SYSTEM SET ssl = on")
        try cluster.sql("CREATE ROLE writer LOGIN PASSWORD 'a secret'")
        try cluster.sql("CREATE DATABASE news OWNER writer")
        try cluster.control(["stop"])
        try cluster.control(["start"])
        return cluster
    }

    private func section(_ cluster: Cluster, _ options: String, _ more: String = "") -> String {
        "{ connection: \"port=\(cluster.port) user=writer dbname=news \(options)\", readConnections: 1\(more) }"
    }

    private func open(_ section: String) throws -> PostgreSQLStorage {
        try PostgreSQLStorage(context: PluginContext(configuration: PluginConfiguration(json: Array(section.utf8))))
    }

    @Test func theCertificateAndThePasswordAreChecked() async throws {
        let cluster = try Self.cluster()
        let verified = "host=localhost sslmode=verify-full sslrootcert=\(cluster.directory)/ca.crt"
        let password = ", password: \"a secret\""
        do {
            let engine = try open(section(cluster, verified, password))
            defer { engine.stop() }
            let id = ArticleID.generate()
            #expect(await engine.put(.id(id), "x").outcome.isCreated)
            #expect(try await engine.current(id)?.content == Array("x".utf8))
            let protected = try cluster.sql(
                "SELECT bool_and(ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'news'"
            )
            #expect(protected == "t|3")
        }
        for (options, more, reason) in [
            (
                "host=127.0.0.1 sslmode=verify-full sslrootcert=\(cluster.directory)/ca.crt", password,
                "does not match host name"
            ),
            (
                "host=localhost sslmode=verify-full sslrootcert=\(cluster.directory)/other-ca.crt", password,
                "certificate verify failed"
            ),
            ("host=localhost sslmode=disable", password, "no encryption"),
            (verified, ", password: \"another\"", "password authentication failed"),
            (verified, "", "no password supplied"),
        ] {
            let engine = try open(section(cluster, options, more))
            defer { engine.stop() }
            #expect(engine.health.state == .unhealthy)
            #expect(engine.health.message.contains(reason), "\(options): \(engine.health.message)")
        }
    }

    /// A password file, as `LoadCredential=` gives it to the service: nobody but its owner may read it.
    @Test func thePasswordFile() async throws {
        let cluster = try Self.cluster()
        var path = Array("/tmp/articled-pgpass-XXXXXX".utf8CString)
        let file = unsafe mkstemp(&path)
        let name = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            close(file)
            unsafe unlink(name)
        }
        let line = Array("localhost:\(cluster.port):news:writer:a secret\n".utf8)
        #expect(unsafe write(file, line, line.count) == line.count)
        let options = "host=localhost sslmode=verify-full sslrootcert=\(cluster.directory)/ca.crt passfile=\(name)"
        for mode in [0o400, 0o444] as [mode_t] {
            fchmod(file, mode)
            let engine = try open(section(cluster, options))
            defer { engine.stop() }
            if mode == 0o400 {
                #expect(await engine.put(.id(.generate()), "x").outcome.isCreated)
            } else {
                #expect(engine.health.message.contains("no password supplied"), "\(engine.health.message)")
            }
        }
    }
}

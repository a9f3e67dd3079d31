// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestCertificates
import Testing

@testable import ArticleServer

@Suite struct TLSConfigurationTests {
    private func problems(_ json5: String) throws -> [String] {
        try ConfigurationReading(of: "a", Array(json5.utf8), owner: 0).problems.map(\.description)
    }

    private func section(_ certificate: String, _ key: String, _ more: String = "") -> String {
        "{ tls: { certificate: \(certificate), key: \(key)\(more) } }"
    }

    @Test func faultsOfFiles() throws {
        let authority = try TLSHarness.authority.get()
        func path(_ file: String) -> String { "'\(authority.path(file))'" }
        try "nothing".write(toFile: authority.path("text"), atomically: true, encoding: .utf8)
        try TestAuthority.openssl([
            "pkcs8", "-topk8", "-in", authority.path("server.key"), "-passout", "pass:x", "-out",
            authority.path("secret.key"),
        ])
        let broken = try String(contentsOfFile: authority.path("server.pem"), encoding: .utf8)
            .replacing("MII", with: "MIJ")
        try broken.write(toFile: authority.path("broken.pem"), atomically: true, encoding: .utf8)
        let cases: [(String, String)] = [
            (section("'/nope.pem'", path("server.key")), "tls.certificate: /nope.pem: No such file or directory"),
            (section("'/etc'", path("server.key")), "tls.certificate: /etc: Is a directory"),
            (section("'/dev/null'", path("server.key")), "is not a regular file"),
            (section(path("text"), path("server.key")), "-----BEGIN CERTIFICATE-----"),
            (section(path("broken.pem"), path("server.key")), "cannot be used"),
            (section(path("server.pem"), path("text")), "-----BEGIN PRIVATE KEY-----"),
            (section(path("server.pem"), path("portal.key")), "does not match the certificate"),
            (section(path("server.pem"), path("secret.key")), "is encrypted with a passphrase"),
            (section(path("server.pem"), "{ credential: 'none' }"), "LoadCredential=none:"),
            (section(path("server.pem"), "{ credential: '../x' }"), "not a valid name of a credential"),
            (section(path("server.pem"), "{ file: 'x' }"), "must be a path, or { credential: \"NAME\" }"),
            (section(path("server.pem"), "'relative'"), "must be an absolute path"),
            (section(path("server.pem"), "null"), "tls.key: is missing"),
            (section("null", path("server.key")), "tls.certificate: is missing"),
            (
                section(path("server.pem"), path("server.key"), ", clientCertificates: 'optional'"),
                "tls.trust: is missing"
            ),
            (section(path("server.pem"), path("server.key"), ", trust: \(path("ca.pem"))"), "has no use while"),
            (
                section(
                    path("server.pem"), path("server.key"),
                    ", clientCertificates: 'required', trust: \(path("server.key"))"), "-----BEGIN CERTIFICATE-----"
            ),
            (section(path("server.pem"), path("server.key"), ", clientCertificates: 'yes'"), "is not one of none"),
            (section(path("server.pem"), path("server.key"), ", trustt: 'x'"), "did you mean trust?"),
        ]
        for (json5, expected) in cases {
            let found = try problems(json5)
            #expect(found.count == 1, "\(found)")
            #expect(found.first?.contains(expected) == true, "\(found) lacks \(expected)")
        }
    }

    @Test func warnings() throws {
        let authority = try TestAuthority()
        func settings(_ name: String) throws -> TLSSettings {
            let read = try TLSHarness.read(
                section("'\(authority.path("\(name).pem"))'", "'\(authority.path("\(name).key"))'"))
            return try #require(read.tls)
        }
        #expect(try settings("server").warnings == [])
        #expect(try settings("server").summary.contains("for dns:localhost, ip:127.0.0.1, ip:::1, until 20"))
        try authority.issue("old", alternatives: "DNS:a", from: "20200101000000Z", to: "20210101000000Z")
        #expect(try settings("old").warnings.first?.contains("has expired at 2021-01-01 00:00:00 UTC") == true)
        try authority.issue("new", alternatives: "DNS:a", from: "20700101000000Z", to: "20710101000000Z")
        #expect(try settings("new").warnings.first?.contains("is not valid before 2070-01-01") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: authority.path("server.key"))
        #expect(try settings("server").warnings.first?.contains("chmod o-r") == true)
    }

    /// The content of files counts, too.
    @Test func whatDiffers() throws {
        let authority = try TestAuthority()
        let json5 = section("'\(authority.path("server.pem"))'", "'\(authority.path("server.key"))'")
        let before = try TLSHarness.read(json5)
        #expect(try TLSHarness.read(json5) == before)
        try authority.make(["--server", "localhost", "--renew"])
        let after = try TLSHarness.read(json5)
        #expect(after != before)
        let differences = before.differences(to: after)
        #expect(differences.map(\.path) == ["tls.certificate", "tls.key"])
        #expect(differences.map(\.isLive) == [true, true])
    }

    @Test func namesOfCertificates() throws {
        let digits = String(repeating: "AB", count: 32)
        #expect(CertificateName("DNS:Portal.Example")?.description == "dns:portal.example")
        #expect(CertificateName("uri:spiffe://Example/A")?.description == "uri:spiffe://Example/A")
        #expect(CertificateName("email:A@Example.org")?.description == "email:a@example.org")
        #expect(CertificateName("sha256:\(digits)")?.description == "sha256:\(digits.lowercased())")
        #expect(CertificateName("SHA256:AB:\(digits.dropFirst(2))") == CertificateName("sha256:\(digits)"))
        for text in ["", "portal", "dns:", "ip:10.0.0.1", "sha256:ab", "sha256:\(digits)00", "sha1:ab", ":a"] {
            #expect(CertificateName(text) == nil)
        }
        let found = try problems("{ access: { read: { certificates: ['dsn:a', 'sha256:1', 'portal'] } } }")
        #expect(found.count == 3)
        #expect(found[0].contains("did you mean dns:?"))
        #expect(found[1].contains("64 hexadecimal digits"))
        #expect(found[2].contains("dns:NAME"))
        #expect(
            try problems("{ access: { write: { certificates: ['dns:a'] } } }").first?.contains(
                "set tls.clientCertificates") == true)
    }

    /// Whoever names certificates does not mean those that have none.
    @Test func rolesOfTCPBesideCertificates() throws {
        let authority = try TLSHarness.authority.get()
        func policy(_ access: String) throws -> AccessPolicy {
            try TLSHarness.read(
                """
                { tls: { certificate: '\(authority.path("server.pem"))', key: '\(authority.path("server.key"))',
                    clientCertificates: 'optional', trust: '\(authority.path("ca.pem"))' }, access: \(access) }
                """
            ).access
        }
        #expect(try policy("{}").tcp == AccessPolicy.read | AccessPolicy.write)
        #expect(try policy("{ write: { certificates: ['dns:a'] } }").tcp == 0)
        #expect(try policy("{ write: { certificates: ['dns:a'] }, tcp: ['read'] }").tcp == AccessPolicy.read)
    }

    @Test func plaintextBeyondLoopback() throws {
        let everywhere = ListenAddress.ipv4([0, 0, 0, 0], port: 0)
        let error = #expect(throws: StartError.self) { try Listener(binding: everywhere, allowRemote: true) }
        #expect(error?.description.contains("allowPlaintext: true") == true)
        try Listener(binding: everywhere, allowRemote: true, purpose: .metrics).close()
        let listener = try Listener(binding: everywhere, allowRemote: true, allowPlaintext: true)
        defer { listener.close() }
        #expect(listener.lacksEncryption(under: ServerConfiguration()))
        var allowed = ServerConfiguration()
        allowed.allowPlaintext = true
        #expect(!listener.lacksEncryption(under: allowed))
        // As it comes from systemd.
        let inherited = InheritedSocket(name: "articled-tcp.socket", descriptor: listener.descriptor)
        let refused = #expect(throws: StartError.self) { try Listener(inheriting: inherited, allowRemote: true) }
        #expect(refused?.description.contains("allowPlaintext: true") == true)
        #expect(throws: Never.self) { try Listener(inheriting: inherited, allowRemote: true, allowPlaintext: true) }
    }
}

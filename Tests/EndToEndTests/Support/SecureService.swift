// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import TestCertificates

/// A real articled with TLS on a port of the loopback, and the certificates for it.
struct SecureService {
    let authority: TestAuthority
    let service: Service

    /// - Parameter access: the section of the configuration; without it, every client may read and write.
    init(clientCertificates: String = "none", access: String = "{}", authority: TestAuthority? = nil) throws {
        self.authority = try authority ?? TestAuthority()
        service = try Service(
            configuration: Self.configuration(self.authority, clientCertificates: clientCertificates, access: access),
            tcp: true)
    }

    static func configuration(
        _ authority: TestAuthority, certificate: String = "server", clientCertificates: String = "none",
        access: String = "{}"
    ) -> String {
        let trust = clientCertificates == "none" ? "" : ", trust: '\(authority.path("ca.pem"))'"
        return """
            { tls: { certificate: '\(authority.path("\(certificate).pem"))', key: '\(authority.path("\(certificate).key"))',
                clientCertificates: '\(clientCertificates)'\(trust) },
              access: \(access) }
            """
    }

    var trust: TLSTrust { .authorities(file: authority.path("ca.pem")) }

    /// - Parameter identity: the name of the client's certificate.
    func endpoint(host: String = "localhost", identity: String? = nil) -> Endpoint {
        .tls(
            host: host, port: service.tcpPort,
            identity: identity.map {
                TLSIdentity(certificate: authority.path("\($0).pem"), key: authority.path("\($0).key"))
            }, trust: trust)
    }

    /// Why a client cannot connect.
    func failure(
        host: String = "localhost", identity: String? = nil, trust: TLSTrust? = nil
    ) async -> ClientError? {
        guard case .tls(_, let port, let own, let usual) = endpoint(host: host, identity: identity) else { return nil }
        let client = ArticleClient(endpoint: .tls(host: host, port: port, identity: own, trust: trust ?? usual))
        do {
            _ = try await client.ping([])
            await client.close()
            return nil
        } catch {
            await client.close()
            return error
        }
    }
}

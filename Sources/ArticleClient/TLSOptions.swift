// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime
import TLSTransport

/// The certificate and the key that a client shows a service. The files are in PEM; the key has no passphrase. They are
/// read for each connection, so renewed ones are used as soon as they are there.
public struct TLSIdentity: Sendable, Hashable {
    /// The path of the certificate, with those of its authorities behind it.
    public var certificate: String
    /// The path of its key.
    public var key: String

    /// Names the files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// The authorities whose certificates a client accepts from services.
public enum TLSTrust: Sendable, Hashable {
    /// Those of the system: `/etc/ssl/certs`.
    case system
    /// Those in a file of certificates in PEM, and no others.
    case authorities(file: String)
}

extension Endpoint {
    /// The same endpoint, with another identity and trust if it has TLS.
    package func with(_ identity: TLSIdentity?, _ trust: TLSTrust) -> Endpoint {
        guard case .tls(let host, let port, _, _) = self else { return self }
        return .tls(host: host, port: port, identity: identity, trust: trust)
    }

    /// The environment variables for the files of TLS.
    package enum TLSVariable: String {
        case authorities = "ARTICLED_CA"
        case certificate = "ARTICLED_CERTIFICATE"
        case key = "ARTICLED_KEY"
    }

    /// The endpoints, with the files that the environment names, or the given ones in their place.
    package static func secured(
        _ endpoints: [Endpoint], authorities: String? = nil, certificate: String? = nil, key: String? = nil
    ) throws(ClientError) -> [Endpoint] {
        let certificate = certificate ?? text(of: TLSVariable.certificate.rawValue)
        let key = key ?? text(of: TLSVariable.key.rawValue)
        let authorities = authorities ?? text(of: TLSVariable.authorities.rawValue)
        guard (certificate == nil) == (key == nil) else {
            throw .misuse(
                "a certificate and its key belong together: ARTICLED_CERTIFICATE and ARTICLED_KEY, or --certificate and "
                    + "--key")
        }
        let identity = certificate.flatMap { certificate in
            key.map { TLSIdentity(certificate: certificate, key: $0) }
        }
        return endpoints.map { $0.with(identity, authorities.map { .authorities(file: $0) } ?? .system) }
    }

    /// What TLS on a connection to this endpoint needs: the host to verify, and certificates; nil if it has no TLS.
    func security() throws(ClientError) -> (host: String, context: TLSContext)? {
        guard case .tls(let host, _, let identity, let trust) = self else { return nil }
        let own = try identity.map { identity throws(ClientError) in
            (try contents(of: identity.certificate), try contents(of: identity.key))
        }
        var authorities: [UInt8]?
        if case .authorities(let file) = trust { authorities = try contents(of: file) }
        do throws(TLSFileError) {
            return (host, try TLSContext(identity: own, trust: authorities))
        } catch {
            let file =
                switch (error.file, trust) {
                case (.certificate, _): identity?.certificate ?? ""
                case (.key, _): identity?.key ?? ""
                case (.trust, .authorities(let file)): file
                case (.trust, .system): ""
                }
            throw .misuse("cannot connect to \(self): \(file)\(file.isEmpty ? "" : " ")\(error)")
        }
    }

    private func contents(of file: String) throws(ClientError) -> [UInt8] {
        do throws(SystemError) {
            return try TLSFileError.contents(of: file).bytes
        } catch {
            throw .misuse("cannot connect to \(self): \(file): \(error.text)")
        }
    }
}

extension ClientError {
    /// The error for a connection whose TLS could not be set up, or broke.
    static func insecure(_ endpoint: Endpoint, _ failure: TLSFailure) -> ClientError {
        .connection("cannot connect to \(endpoint): \(explanation(of: failure, endpoint))")
    }

    /// Which check failed, and what to do.
    static func explanation(of failure: TLSFailure, _ endpoint: Endpoint) -> String {
        guard case .tls(let host, let port, _, let trust) = endpoint else { return failure.text }
        switch failure.reason {
        case .expired: return "the service's certificate has expired: renew it, or check this machine's clock"
        case .notYetValid: return "the service's certificate is not valid yet: check this machine's clock"
        case .unknownAuthority:
            switch trust {
            case .system:
                return
                    "the service's certificate is of an authority that this machine does not trust (\(failure.text)): name "
                    + "the authority's certificate with --ca or ARTICLED_CA"
            case .authorities(let file):
                return "the service's certificate is not of an authority in \(file) (\(failure.text))"
            }
        case .wrongHost:
            let names = failure.names.isEmpty ? "no name" : failure.names.joined(separator: ", ")
            return "the service's certificate is not for \(host), it is for \(names)"
        case .badCertificate: return "the service's certificate is not accepted: \(failure.text)"
        case .noCertificate:
            return
                "the service needs a client certificate: --certificate and --key, or ARTICLED_CERTIFICATE and ARTICLED_KEY"
        case .refused: return "the service refused this client's certificate: \(failure.text)"
        case .notTLS:
            return "the service does not speak TLS there: use \(Endpoint.tcp(host: host, port: port)) if that is meant"
        case .noCommonVersion:
            return
                "the service and this client have no version of TLS or articled's protocol in common (\(failure.text)): "
                + "TLS 1.3 is needed"
        case .closed: return "the service closed the connection within the TLS handshake: it may be at a limit"
        case .system: return failure.text
        case .violation: return "the service violated the TLS protocol: \(failure.text)"
        }
    }
}

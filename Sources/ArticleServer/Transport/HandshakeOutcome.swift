// SPDX-License-Identifier: Apache-2.0
internal import TLSTransport

/// How a TLS handshake ended.
enum HandshakeOutcome: Sendable, Equatable {
    case done
    case failed(TLSFailure.Reason)
    /// It took longer than `limits.handshakeTimeout`.
    case timeout
    /// Too many were under way.
    case limit

    /// Each has its place.
    static let all: [HandshakeOutcome] = [.done, .timeout, .limit] + TLSFailure.Reason.allCases.map { .failed($0) }

    /// The place in ``all``.
    var index: Int {
        switch self {
        case .done: 0
        case .timeout: 1
        case .limit: 2
        // Reasons are counted from 1.
        case .failed(let reason): 2 + reason.rawValue
        }
    }

    /// The label in the metrics.
    var label: String {
        switch self {
        case .done: "ok"
        case .failed(.closed): "closed"
        case .failed(.system): "system"
        case .failed(.notTLS): "not_tls"
        case .failed(.noCommonVersion): "no_common_version"
        case .failed(.noCertificate): "no_certificate"
        case .failed(.expired): "certificate_expired"
        case .failed(.notYetValid): "certificate_not_yet_valid"
        case .failed(.unknownAuthority): "unknown_authority"
        case .failed(.wrongHost): "wrong_host"
        case .failed(.badCertificate): "bad_certificate"
        case .failed(.refused): "certificate_refused"
        case .failed(.violation): "violation"
        case .timeout: "timeout"
        case .limit: "limit"
        }
    }

    /// For the journal.
    var text: String {
        switch self {
        case .done: "it is complete"
        case .failed(.closed): "the client closed the connection"
        case .failed(.system): "the connection broke"
        case .failed(.notTLS): "the client does not speak TLS"
        case .failed(.noCommonVersion):
            "the client and the service have no TLS version or cipher in common; TLS 1.3 is needed"
        case .failed(.noCertificate): "the client sent no certificate"
        case .failed(.expired): "the client's certificate has expired"
        case .failed(.notYetValid): "the client's certificate is not valid yet"
        case .failed(.unknownAuthority): "the client's certificate is of an authority that tls.trust does not name"
        case .failed(.wrongHost), .failed(.badCertificate): "the client's certificate is not accepted"
        case .failed(.refused): "the client refused the service's certificate"
        case .failed(.violation): "the client violated the TLS protocol"
        case .timeout: "it took longer than limits.handshakeTimeout"
        case .limit: "too many handshakes are under way: limits.handshakes"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import JSONTree
internal import Spelling
internal import TLSTransport

/// How `access` names a certificate: one of its subject alternative names, or its fingerprint.
struct CertificateName: Hashable, Sendable, CustomStringConvertible {
    /// "dns:portal.example", "sha256:0a1b..."
    let description: String

    /// Names with capital letters and fingerprints with colons are the same as those without.
    ///
    /// - Returns: nil if it is not such a name.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.count <= 4096 else { return nil }
        let kind = parts[0].lowercased()
        switch kind {
        // No user part of an address is known to depend on its case.
        case "dns", "email": description = "\(kind):\(parts[1].lowercased())"
        case "uri": description = "uri:\(parts[1])"
        case "sha256":
            let digits = parts[1].lowercased().filter { $0 != ":" }
            guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else { return nil }
            description = "sha256:\(digits)"
        default: return nil
        }
    }

    private init(fingerprint: [UInt8]) { description = "sha256:\(Self.text(of: fingerprint))" }

    static let forms = "dns:NAME, uri:URI, email:ADDRESS, sha256:FINGERPRINT"

    /// Everything that a certificate can be named by.
    static func all(of certificate: TLSCertificate) -> [CertificateName] {
        // The number of names is bounded by the room for them.
        certificate.names.compactMap { CertificateName($0) } + [CertificateName(fingerprint: certificate.fingerprint)]
    }

    /// Hexadecimal digits.
    static func text(of fingerprint: [UInt8]) -> String {
        fingerprint.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension ConfigurationSection {
    /// An array of names of certificates.
    func certificates(_ key: String) -> [CertificateName] {
        (strings(key) ?? []).compactMap { index, text in
            if let name = CertificateName(text) { return name }
            let kind = text.split(separator: ":").first.map(String.init) ?? ""
            let meant =
                text.contains(":") ? Suggestion.closest(to: kind, among: ["dns", "uri", "email", "sha256"]) : nil
            let advice =
                if kind.lowercased() == "sha256" {
                    "a fingerprint has 64 hexadecimal digits"
                } else if let meant, meant != kind {
                    "did you mean \(meant):?"
                } else {
                    "it must be one of \(CertificateName.forms)"
                }
            problem(key, index, "\"\(text)\" is not a certificate's name; \(advice)")
            return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import JSONTree
internal import LinuxRuntime
internal import TLSTransport

/// TLS for the TCP sockets: the files that the section `tls` names, as they were when it was read.
public struct TLSSettings: Sendable, Equatable {
    /// What connections use from now on.
    let context: TLSContext
    let clientCertificates: TLSContext.ClientCertificates
    /// The files as the configuration names them.
    let certificate: TLSFileSource
    let key: TLSFileSource
    let trust: TLSFileSource?
    /// Differs when the content of a file differs.
    private let content: Int
    /// What works now, and should be changed.
    public let warnings: [String]

    /// For people: "/etc/articled/server.pem for dns:articles.example, until 2027-11-30 07:57:47 UTC, client
    /// certificates: required"
    public var summary: String {
        let names = context.names.joined(separator: ", ")
        let end = context.validity.map { ", until \(WallClock.text(of: $0.upperBound))" } ?? ""
        return "\(certificate) for \(names.isEmpty ? "no name" : names)\(end), client certificates: "
            + clientCertificates.rawValue
    }

    public static func == (one: TLSSettings, other: TLSSettings) -> Bool {
        one.content == other.content && one.clientCertificates == other.clientCertificates
            && one.certificate == other.certificate && one.key == other.key && one.trust == other.trust
    }
}

/// Where a certificate or a key is.
enum TLSFileSource: Sendable, Equatable, CustomStringConvertible {
    case path(String)
    /// One that systemd hands over: LoadCredential= in systemd.exec(5).
    case credential(String)

    var description: String {
        switch self {
        case .path(let path): path
        case .credential(let name): "{ credential: \"\(name)\" }"
        }
    }

    func path(_ credentials: Credentials) throws(StartError) -> String {
        switch self {
        case .path(let path): path
        case .credential(let name): try credentials.path(name)
        }
    }
}

extension TLSSettings {
    /// Reads the section `tls` and the files that it names.
    ///
    /// - Returns: nil without the section, or if something is wrong with it.
    static func read(_ section: ConfigurationSection, _ credentials: Credentials = .own) -> TLSSettings? {
        let certificate = section.file("certificate")
        let key = section.file("key")
        let trust = section.file("trust")
        let clients = section.choice(
            "clientCertificates", of: TLSContext.ClientCertificates.allCases.map { ($0.rawValue, $0) })
        section.finish()
        guard section.isTLS else { return nil }
        for (name, file) in [("certificate", certificate), ("key", key)]
        where file == nil && !section.has(name) {
            section.problem(name, "is missing: the service needs a certificate and its key")
        }
        if trust == nil, !section.has("trust"), let clients, clients != .ignored {
            section.problem("trust", "is missing: it names the authorities whose client certificates are accepted")
        }
        if trust != nil, clients ?? .ignored == .ignored, !section.hasProblem {
            section.problem("trust", "has no use while clientCertificates is \"none\"")
        }
        guard let certificate, let key, !section.hasProblem else { return nil }
        var reading = Reading(section: section, credentials: credentials)
        let certificateBytes = reading.bytes(certificate, "certificate")
        let keyBytes = reading.bytes(key, "key", isSecret: true)
        let trustBytes = trust.flatMap { reading.bytes($0, "trust") }
        guard let certificateBytes, let keyBytes, trust == nil || trustBytes != nil else { return nil }
        let context: TLSContext
        do throws(TLSFileError) {
            context = try TLSContext(
                certificate: certificateBytes, key: keyBytes, trust: trustBytes, clientCertificates: clients ?? .ignored
            )
        } catch {
            switch error.file {
            case .certificate: section.problem("certificate", "\(certificate) \(error)")
            case .key: section.problem("key", "\(key) \(error)")
            case .trust: section.problem("trust", "\(trust?.description ?? "") \(error)")
            }
            return nil
        }
        if let validity = context.validity {
            let now = Int64(time(nil))
            let date = validity.lowerBound > now ? validity.lowerBound : validity.upperBound
            if !validity.contains(now) {
                let what = validity.lowerBound > now ? "is not valid before" : "has expired at"
                reading.warnings.append(
                    "tls.certificate: \(certificate) \(what) \(WallClock.text(of: date)): clients refuse it")
            }
        }
        if context.names.isEmpty {
            reading.warnings.append(
                "tls.certificate: \(certificate) has no subject alternative name: clients refuse it")
        }
        var hasher = Hasher()
        for bytes in [certificateBytes, keyBytes, trustBytes ?? []] { hasher.combine(bytes) }
        return TLSSettings(
            context: context, clientCertificates: clients ?? .ignored, certificate: certificate, key: key, trust: trust,
            content: hasher.finalize(), warnings: reading.warnings)
    }

    /// Reads files, and reports those that cannot be read.
    private struct Reading {
        let section: ConfigurationSection
        let credentials: Credentials
        var warnings: [String] = []

        mutating func bytes(_ source: TLSFileSource, _ key: String, isSecret: Bool = false) -> [UInt8]? {
            let path: String
            do throws(StartError) { path = try source.path(credentials) } catch {
                section.problem(key, error.description)
                return nil
            }
            do throws(SystemError) {
                let (bytes, isWorldReadable) = try TLSFileError.contents(of: path)
                if isSecret, isWorldReadable, case .path = source {
                    warnings.append("tls.\(key): every user may read \(path); run chmod o-r \(path)")
                }
                return bytes
            } catch {
                section.problem(key, Self.text(of: error, path))
                return nil
            }
        }

        private static func text(of error: SystemError, _ path: String) -> String {
            switch error.code {
            case EFBIG: "\(path): has more than \(TLSFileError.maxSize) bytes"
            case EINVAL: "\(path): is not a regular file"
            case EACCES: "\(path): \(error.text): the service's user cannot read it"
            default: "\(path): \(error.text)"
            }
        }
    }
}

extension ConfigurationSection {
    /// Whether the section asks for TLS. `null`, and the defaults, do not.
    fileprivate var isTLS: Bool {
        for key in ["certificate", "key", "trust"] where has(key) { return true }
        return has("clientCertificates") && value("clientCertificates") != .string("none")
    }

    /// A path, or `{ credential: "NAME" }`.
    fileprivate func file(_ key: String) -> TLSFileSource? {
        guard case .members(let members)? = value(key) else { return path(key).map { .path($0) } }
        if members.count == 1, members[0].name == "credential", case .string(let name) = members[0].value {
            return .credential(name)
        }
        problem(key, "must be a path, or { credential: \"NAME\" }")
        return nil
    }
}

extension TLSSettings {
    /// The keys of the section `tls`, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("tls.certificate") { $0.tls?.text(of: $0.tls?.certificate) ?? "" },
        ConfigurationKey("tls.key") { $0.tls?.text(of: $0.tls?.key) ?? "" },
        ConfigurationKey("tls.clientCertificates") { ($0.tls?.clientCertificates ?? .ignored).rawValue },
        ConfigurationKey("tls.trust") { $0.tls?.text(of: $0.tls?.trust) ?? "" },
    ]

    /// Differs if the file's name or the content of any of the files differs.
    private func text(of source: TLSFileSource?) -> String? { source.map { "\($0), content \(content)" } }
}

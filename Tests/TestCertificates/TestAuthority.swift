// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A certificate authority of the tests' own, in a temporary directory that goes with this object.
///
/// `deploy/make-certificates` makes the authority, the certificate "server" for localhost, 127.0.0.1 and ::1, and those of
/// the clients "portal" and "editor".
public final class TestAuthority: Sendable {
    public let directory: URL

    public struct Failure: Error {
        public let output: String
    }

    public init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "articled-tls-\(UUID().uuidString)")
        try make(["--server", "localhost", "--server", "127.0.0.1", "--server", "::1"])
        try make(["--client", "portal", "--client", "editor"])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    public func path(_ file: String) -> String { directory.appending(path: file).path }

    public func bytes(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: directory.appending(path: file))) }

    /// Runs `deploy/make-certificates` for this directory.
    @discardableResult
    public func make(_ arguments: [String]) throws -> String {
        let script = URL(filePath: #filePath).appending(path: "../../../deploy/make-certificates").standardizedFileURL
        return try Self.run("/bin/bash", [script.path] + arguments + [directory.path])
    }

    /// Makes NAME.pem and NAME.key, with other properties than `make-certificates` gives.
    ///
    /// - Parameters:
    ///   - alternatives: subject alternative names as openssl writes them: "URI:spiffe://example/portal".
    ///   - from: the begin of its validity, as "20200101000000Z"; nil: now.
    ///   - to: the end of its validity; nil: in a year.
    ///   - isSelfSigned: it is its own authority.
    public func issue(
        _ name: String, alternatives: String, usage: String = "serverAuth,clientAuth", from: String? = nil,
        to: String? = nil, isSelfSigned: Bool = false
    ) throws {
        let work = directory.appending(path: "work-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: work) }
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(work.path)/index
            new_certs_dir = \(work.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            unique_subject = no
            [any]
            commonName = supplied
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = \(name)
            [extensions]
            basicConstraints = critical, CA:false
            extendedKeyUsage = \(usage)
            subjectAltName = \(alternatives)
            """
        let file = work.appending(path: "cnf")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        try "".write(to: work.appending(path: "index"), atomically: true, encoding: .utf8)
        let key = path("\(name).key")
        try Self.openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
        let request = work.appending(path: "request").path
        try Self.openssl(["req", "-new", "-key", key, "-config", file.path, "-out", request])
        var arguments = ["ca", "-batch", "-config", file.path, "-extensions", "extensions", "-in", request, "-notext"]
        arguments +=
            isSelfSigned ? ["-selfsign", "-keyfile", key] : ["-cert", path("ca.pem"), "-keyfile", path("ca.key")]
        if let from { arguments += ["-startdate", from] }
        arguments += to.map { ["-enddate", $0] } ?? ["-days", "365"]
        try Self.openssl(arguments + ["-out", path("\(name).pem")])
    }

    /// The SHA-256 of a certificate, as openssl writes it: "AB:CD:...".
    public func fingerprint(_ name: String) throws -> String {
        let text = try Self.openssl(["x509", "-in", path("\(name).pem"), "-noout", "-fingerprint", "-sha256"])
        return text.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
    }

    @discardableResult
    public static func openssl(_ arguments: [String]) throws -> String { try run("/usr/bin/openssl", arguments) }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Few lines: they fit into the pipe.
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(output: text) }
        return text
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import CTLS
internal import Glibc
public import LinuxRuntime

/// What the TLS sessions of a service or of a client share: certificate, key, trust. Any thread.
@safe public final class TLSContext: @unchecked Sendable {  // never changed after `init`; OpenSSL counts its references
    let pointer: OpaquePointer
    /// The time of validity of the own certificate, in seconds since 1970; nil without one.
    public let validity: ClosedRange<Int64>?
    /// The own certificate's subject alternative names: "dns:articles.example", "ip:10.0.0.1".
    public let names: [String]

    /// Which certificates a server demands of its clients.
    public enum ClientCertificates: String, Sendable, CaseIterable {
        case ignored = "none"
        case optional
        case required
    }

    /// For a service.
    ///
    /// - Parameters:
    ///   - trust: the certificates of the authorities of clients, in PEM; nil: no client has a certificate.
    public convenience init(
        certificate: [UInt8], key: [UInt8], trust: [UInt8]?, clientCertificates: ClientCertificates
    ) throws(TLSFileError) {
        try self.init(isServer: true, (certificate, key), trust)
        let mode =
            switch clientCertificates {
            case .ignored: CTLS_VERIFY_NONE
            case .optional: CTLS_VERIFY_OPTIONAL
            case .required: CTLS_VERIFY_REQUIRED
            }
        unsafe ctls_context_verify_clients(pointer, Int32(mode))
    }

    /// For a client.
    ///
    /// - Parameters:
    ///   - identity: the client's own certificate and key, in PEM.
    ///   - trust: the certificates of the service's authorities, in PEM; nil: the system's authorities.
    public convenience init(
        identity: (certificate: [UInt8], key: [UInt8])?, trust: [UInt8]?
    ) throws(TLSFileError) {
        try self.init(isServer: false, identity, trust)
        guard trust == nil else { return }
        guard unsafe ctls_context_use_system_trust(pointer) == 1 else {
            throw TLSFileError(.trust, "the system's certificate authorities cannot be used; install ca-certificates")
        }
    }

    private init(
        isServer: Bool, _ identity: (certificate: [UInt8], key: [UInt8])?, _ trust: [UInt8]?
    ) throws(TLSFileError) {
        guard let made = unsafe ctls_context_new(isServer ? 1 : 0) else {
            throw TLSFileError(.certificate, "OpenSSL cannot be used: no memory, or its configuration is wrong")
        }
        let context = unsafe TLSContextPointer(made)
        if let (certificate, key) = identity {
            try unsafe Self.use(certificate, .certificate) { unsafe ctls_context_use_certificate(made, $0, $1, $2, $3) }
            try unsafe Self.use(key, .key) { unsafe ctls_context_use_key(made, $0, $1, $2, $3) }
        }
        if let trust { try unsafe Self.use(trust, .trust) { unsafe ctls_context_use_trust(made, $0, $1, $2, $3) } }
        let (from, to) = unsafe (ctls_context_not_before(made), ctls_context_not_after(made))
        validity = identity != nil && from <= to ? from...to : nil
        names = unsafe TLSNames.read { unsafe ctls_context_names(made, $0, $1) }
        unsafe pointer = context.release()
    }

    deinit { unsafe ctls_context_free(pointer) }

    private static func use(
        _ pem: [UInt8], _ file: TLSFileError.File,
        _ call: (UnsafeRawPointer?, Int, UnsafeMutablePointer<CChar>?, Int) -> Int32
    ) throws(TLSFileError) {
        var text = [CChar](repeating: 0, count: 256)
        let result = unsafe pem.withUnsafeBytes { bytes in
            unsafe text.withUnsafeMutableBufferPointer { room in
                unsafe call(bytes.baseAddress, bytes.count, room.baseAddress, room.count)
            }
        }
        guard result != 0 else { return }
        let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw TLSFileError(file, result, reason)
    }
}

/// Frees a context whose initialization fails.
@safe private struct TLSContextPointer: ~Copyable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe ctls_context_free(pointer) }

    consuming func release() -> OpaquePointer {
        let pointer = unsafe pointer
        discard self
        return unsafe pointer
    }
}

/// What is wrong with a certificate, a key or a list of authorities.
public struct TLSFileError: Error, Sendable, CustomStringConvertible {
    /// Which of them.
    public enum File: Sendable { case certificate, key, trust }

    public let file: File
    /// "is not a certificate in PEM format"
    public let description: String

    init(_ file: File, _ description: String) {
        self.file = file
        self.description = description
    }

    fileprivate init(_ file: File, _ result: Int32, _ reason: String) {
        let detail = reason.isEmpty ? "" : " (\(reason))"
        let text =
            switch (Int(result), file) {
            case (CTLS_FILE_EMPTY, .key):
                "has no private key in PEM format: \"-----BEGIN PRIVATE KEY-----\" is missing"
            case (CTLS_FILE_EMPTY, _): "has no certificate in PEM format: \"-----BEGIN CERTIFICATE-----\" is missing"
            case (CTLS_FILE_ENCRYPTED, _):
                "is encrypted with a passphrase, which nobody can enter: use a key without one"
            case (CTLS_FILE_MISMATCH, _): "does not match the certificate: the two are not a pair"
            case (_, .key): "has a private key that cannot be used\(detail)"
            default: "has a certificate that cannot be used\(detail)"
            }
        self.init(file, text)
    }
}

extension TLSFileError {
    /// The most bytes of a file: far more than all authorities of a system need.
    public static let maxSize = 1 << 20

    /// Reads a file with a certificate, a key or authorities.
    ///
    /// - Returns: its bytes, and whether every user may read it.
    public static func contents(of path: String) throws(SystemError) -> (bytes: [UInt8], isWorldReadable: Bool) {
        // Opening a named pipe would wait for a writer.
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw SystemError("open") }
        let file = Descriptor(owning: number)
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw SystemError("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError("open", code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        guard status.st_size <= maxSize else { throw SystemError("read", code: EFBIG) }
        var bytes = [UInt8](repeating: 0, count: maxSize + 1)
        var count = 0
        while count < bytes.count {
            let more = unsafe bytes.withUnsafeMutableBytes { all in
                unsafe read(file.number, all.baseAddress.map { unsafe $0 + count }, all.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw SystemError("read") }
            if more == 0 { break }
            count += more
        }
        guard count <= maxSize else { throw SystemError("read", code: EFBIG) }
        return (Array(bytes[..<count]), status.st_mode & S_IROTH != 0)
    }
}

/// Lists of names from C, each ended by a NUL.
enum TLSNames {
    static let room = 4096

    static func read(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> [String] {
        var text = [CChar](repeating: 0, count: room)
        let count = unsafe text.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress, $0.count) }
        return split(text.prefix(max(0, count)).map { UInt8(bitPattern: $0) })
    }

    static func split(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0).compactMap { String(validating: $0, as: UTF8.self) }
    }
}

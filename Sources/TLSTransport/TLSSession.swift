// SPDX-License-Identifier: Apache-2.0
internal import CTLS
internal import Glibc
public import LinuxRuntime

/// Memory for encrypted bytes that one thread's sessions use in turn.
@safe public final class TLSScratch {
    fileprivate let memory: UnsafeMutableRawPointer

    public init() { unsafe memory = .allocate(byteCount: CTLS_SCRATCH_SIZE, alignment: 64) }

    deinit { unsafe memory.deallocate() }
}

/// The TLS of one connection: moves bytes as ``StreamSocket`` does, encrypted. It never blocks, and does not close the
/// socket. For one thread.
@safe public final class TLSSession {
    /// What a step of the handshake comes to.
    public enum Step {
        case done
        /// It goes on when the socket is readable.
        case wantsRead
        /// It goes on when the socket is writable.
        case wantsWrite
        /// See ``failure``.
        case failed
    }

    // Freed in `deinit` and nowhere else. OpenSSL keeps the context that it needs.
    private let pointer: OpaquePointer
    private let scratch: TLSScratch
    /// The handshake is complete.
    public private(set) var isEstablished = false

    /// - Parameter host: for a client, the name or numeric address that the service's certificate must have; nil for a
    ///   service.
    /// - Returns: nil if there is no memory, or the host is no valid name.
    public init?(_ context: TLSContext, descriptor: Int32, scratch: TLSScratch, host: String? = nil) {
        guard let made = unsafe ctls_session_new(context.pointer, descriptor, scratch.memory, host) else { return nil }
        unsafe pointer = made
        self.scratch = scratch
    }

    deinit { unsafe ctls_session_free(pointer) }

    /// Does as much of the handshake as the socket allows.
    public func handshake() -> Step {
        switch unsafe Int(ctls_handshake(pointer)) {
        case CTLS_DONE:
            isEstablished = true
            return .done
        case CTLS_WANT_READ: return .wantsRead
        case CTLS_WANT_WRITE: return .wantsWrite
        default: return .failed
        }
    }

    /// Reads what is there, at most `capacity` bytes. If it returns fewer, the socket reports when there is more.
    public func receive(into base: UnsafeMutableRawPointer?, capacity: Int) -> StreamSocket.Transfer {
        let count = unsafe ctls_read(pointer, base, capacity)
        if count > 0 { return .bytes(count) }
        switch count {
        // `capacity` is 0.
        case CTLS_DONE, CTLS_WANT_READ: return .wouldBlock
        case CTLS_ENDED: return .ended
        // CTLS_WANT_WRITE is among them: in TLS 1.3 reading never writes.
        default: return .failed(code)
        }
    }

    /// Writes at most one record. After `wouldBlock` the same bytes must come again; others may follow them.
    public func send(from base: UnsafeRawPointer?, count: Int) -> StreamSocket.Transfer {
        let written = unsafe ctls_write(pointer, base, count)
        if written > 0 { return .bytes(written) }
        return written == CTLS_WANT_WRITE ? .wouldBlock : .failed(code)
    }

    /// Tells the peer that no more is sent. It makes one attempt: what the peer does not read in time, it need not know.
    public func endSending() { unsafe ctls_end(pointer) }

    /// `receive` would return something that the socket does not report.
    public var hasUnread: Bool { unsafe ctls_has_unread(pointer) != 0 }
    /// The peer has begun a record and not ended it.
    public var hasPartialRecord: Bool { unsafe ctls_has_partial(pointer) != 0 }
    /// Bytes of memory that the session holds, roughly.
    public var memory: Int { unsafe ctls_memory(pointer) }

    private var code: Int32 {
        let code = unsafe ctls_failure_errno(pointer)
        return code == 0 ? EPROTO : code
    }

    /// Why the session is broken; nil if it is not.
    public var failure: TLSFailure? {
        guard let reason = unsafe TLSFailure.Reason(ctls_failure(pointer)) else { return nil }
        let text = unsafe String(cString: ctls_failure_text(pointer))
        var names: UnsafePointer<CChar>?
        let size = unsafe ctls_refused_names(pointer, &names)
        let bytes = unsafe UnsafeRawBufferPointer(start: names, count: size)
        return TLSFailure(reason: reason, text: text, names: TLSNames.split(unsafe Array(bytes)))
    }

    /// The peer's certificate, which was verified; nil if it has none.
    public var peerCertificate: TLSCertificate? {
        var digest = [UInt8](repeating: 0, count: 32)
        guard unsafe ctls_peer_fingerprint(pointer, &digest) != 0 else { return nil }
        let subject = unsafe TLSNames.read { unsafe ctls_peer_subject(pointer, $0, $1) }
        return TLSCertificate(
            names: unsafe TLSNames.read { unsafe ctls_peer_names(pointer, $0, $1) }, fingerprint: digest,
            subject: subject.first ?? "")
    }

    /// "TLSv1.3, TLS_AES_128_GCM_SHA256"
    public var cipher: String {
        unsafe "\(String(cString: ctls_version(pointer))), \(String(cString: ctls_cipher(pointer)))"
    }
}

/// A certificate that a peer has proved to own.
public struct TLSCertificate: Sendable, Equatable {
    /// The subject alternative names: "dns:portal.example", "uri:...", "email:...", "ip:...".
    public let names: [String]
    /// The SHA-256 of the certificate.
    public let fingerprint: [UInt8]
    /// "CN = portal"; it may be empty. For people: anybody may choose it.
    public let subject: String

    public init(names: [String], fingerprint: [UInt8], subject: String) {
        self.names = names
        self.fingerprint = fingerprint
        self.subject = subject
    }
}

/// Why a TLS session broke.
public struct TLSFailure: Error, Sendable, Equatable {
    public enum Reason: Int, Sendable, CaseIterable {
        /// The peer closed the connection within the handshake.
        case closed = 1
        /// A system call failed.
        case system
        /// The peer does not speak TLS.
        case notTLS
        /// There is no version, cipher or group that both sides have.
        case noCommonVersion
        /// A certificate was demanded and not sent.
        case noCertificate
        case expired
        case notYetValid
        case unknownAuthority
        case wrongHost
        /// Another fault of the peer's certificate.
        case badCertificate
        /// The peer refused our certificate.
        case refused
        /// The peer broke the protocol.
        case violation

        init?(_ code: Int32) { self.init(rawValue: Int(code)) }
    }

    public let reason: Reason
    /// OpenSSL's words: "certificate has expired".
    public let text: String
    /// The names in the peer's certificate, if it was refused.
    public let names: [String]
}

// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
import Glibc
import LinuxRuntime

/// Why a call failed.
///
/// A program decides by ``kind``, ``status`` and ``mayHaveRun``. The ``message`` tells people what was wrong, where,
/// and what to do.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable, Hashable {
        /// No connection could be made, or it was lost before the response.
        case connection
        /// The service responded with an error: see ``ClientError/status``.
        case status
        /// The service broke the protocol, or its response cannot be decoded. Its software needs a fix.
        case protocolViolation
        /// The task that made the call was cancelled.
        case cancelled
        /// The deadline passed, in the client or in the service.
        case deadline
        /// The client was closed.
        case closed
        /// The request breaks a limit or another rule of the service, and was not sent. Fix the request.
        /// ``ClientError/status`` is the status that the service would have returned, usually INVALID_ARGUMENT.
        case invalidRequest
        /// The program uses the client in a wrong way. Fix the program.
        case misuse
    }

    /// The kind of failure.
    public let kind: Kind
    /// The status code of the service's response, or the closest one for a failure in the client.
    public let status: StatusCode
    /// What was wrong, where, and what to do, for people.
    public let message: String
    /// Whether the service may have carried out the call although it failed here. The request was sent and no response
    /// came, or the response does not exclude a change.
    public let mayHaveRun: Bool
    /// The number of the call in the service's journal (`journalctl REQUEST_ID=...`), if the service sent one.
    public let request: UInt64?

    /// The ``message``.
    public var description: String { message }

    init(_ kind: Kind, _ status: StatusCode, _ message: String, mayHaveRun: Bool = false, request: UInt64? = nil) {
        self.kind = kind
        self.status = status
        self.message = message
        self.mayHaveRun = mayHaveRun
        self.request = request
    }

    /// The same error, for a call whose earlier attempt may have been carried out.
    func afterDoubt(_ doubt: Bool) -> ClientError {
        guard doubt, !mayHaveRun else { return self }
        return ClientError(
            kind, status, message + "; an earlier attempt may have been carried out", mayHaveRun: true, request: request
        )
    }

    static func cancelled(_ method: String) -> ClientError {
        ClientError(.cancelled, .cancelled, "\(method) was cancelled", mayHaveRun: true)
    }

    static func closed(_ endpoints: [Endpoint]) -> ClientError {
        ClientError(.closed, .unavailable, "the client of \(Endpoint.text(of: endpoints)) is closed: create a new one")
    }

    static func connection(_ message: String, mayHaveRun: Bool = false) -> ClientError {
        ClientError(.connection, .unavailable, message, mayHaveRun: mayHaveRun)
    }

    static func violation(_ message: String) -> ClientError {
        ClientError(.protocolViolation, .protocolError, message, mayHaveRun: true)
    }

    static func dataLoss(_ message: String) -> ClientError {
        ClientError(.status, .dataLoss, message)
    }

    static func invalidRequest(_ method: String, _ error: ServiceError) -> ClientError {
        ClientError(.invalidRequest, error.code, "\(method): \(error.message)")
    }

    static func misuse(_ message: String) -> ClientError {
        ClientError(.misuse, .failedPrecondition, message)
    }

    /// The error for a status that the service sent. An unknown code appears in the message.
    static func status(_ status: Status, of method: String) -> ClientError {
        let code = StatusCode(rawValue: status.code) ?? .unknown
        let kind: Kind =
            switch code {
            case .cancelled: .cancelled
            case .deadlineExceeded: .deadline
            case .protocolError: .protocolViolation
            default: .status
            }
        let text = status.message.isEmpty ? Self.meaning(of: status.code) : status.message
        return ClientError(
            kind, code, "\(method): \(text)", mayHaveRun: code.leavesDoubt,
            request: status.request > 0 ? status.request : nil)
    }
}

extension ClientError {
    /// What a status says that came without a text.
    private static func meaning(of code: UInt32) -> String {
        guard let code = StatusCode(rawValue: code) else {
            return "the service responded with status \(code), which this client does not know"
        }
        let meaning =
            switch code {
            case .ok, .unknown: "the service did not say what happened"
            case .cancelled: "the call was cancelled"
            case .outOfRange: "the place in the changes is no longer known: start from the beginning"
            case .invalidArgument: "the request is wrong"
            case .deadlineExceeded: "the deadline passed; a write may or may not have been made"
            case .notFound: "there is no such article"
            case .alreadyExists: "the URL belongs to another article"
            case .permissionDenied: "this user lacks the role for it"
            case .resourceExhausted: "too many requests, or a full disk; nothing was changed, try again later"
            case .failedPrecondition: "the service is not set up for this"
            case .conflict: "the article is not at the expected revision"
            case .unimplemented: "the service does not support this"
            case .internal: "a fault of the service; its journal may say more"
            case .unavailable: "the service is stopping, or cannot work now; nothing was changed, try again"
            case .dataLoss: "stored data is damaged"
            case .protocolError: "the service reports that the protocol was broken"
            case .outcomeUnknown: "the change may or may not have been made"
            }
        return "\(code.name): \(meaning)"
    }

    static func cannotStart(_ error: SystemError) -> ClientError {
        .connection("the client cannot start its I/O thread: \(error.text). Are too many files or threads open?")
    }
}

extension StatusCode {
    /// Whether a change may have been made despite this status. See PROTOCOL.md, "Sending a request again".
    var leavesDoubt: Bool {
        switch self {
        case .outcomeUnknown, .deadlineExceeded, .cancelled, .internal, .unknown: true
        default: false
        }
    }
}

extension ClientError {
    /// The error for a socket that cannot be connected, with advice.
    static func unreachable(_ endpoint: Endpoint, _ error: SystemError) -> ClientError {
        guard case .unix(let path) = endpoint else {
            let advice =
                error.code == ECONNREFUSED
                ? "does articled listen there? Its TCP socket is off unless the configuration or articled-tcp.socket opens it"
                : "check the address and the network"
            return .connection("cannot connect to \(endpoint): \(error.text): \(advice)")
        }
        switch error.code {
        case ENOENT where endpoint.isFromEnvironment, ENOTDIR where endpoint.isFromEnvironment:
            return .connection("no socket at \(path), which \(Endpoint.variable) names: does articled listen there?")
        case ENOENT, ENOTDIR:
            return .connection(
                "no socket at \(path): is articled.socket enabled? systemctl enable --now articled.socket")
        case ECONNREFUSED where !isSocket(path):
            return .connection(
                "\(path) is no socket: articled's socket is /run/articled/articled.sock, unless configured otherwise")
        case ECONNREFUSED:
            return .connection(
                "nobody listens at \(path): the socket is left over from a service that has stopped. "
                    + "systemctl restart articled.socket")
        case EACCES, EPERM:
            return ClientError(
                .connection, .permissionDenied,
                "no permission to use \(path): become a member of its group (ls -l \(path) names it), or ask as root")
        case EAGAIN:
            return .connection("\(path) accepts no connections at the moment: its queue is full. Try again")
        default:
            return .connection("cannot connect to \(path): \(error.text)")
        }
    }

    /// Whether `path` is a socket. connect(2) fails with the same error for an unused socket and for any other file.
    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        if path.hasPrefix("@") { return true }
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

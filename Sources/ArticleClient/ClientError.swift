public import ArticleProtocol
import LinuxRuntime

/// Why a call failed. `description` is a sentence for people: what was wrong, where, and what to do about it.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it was, for programs that go on differently.
    public enum Kind: Sendable, Hashable {
        /// No connection could be made, or it was lost before the answer came.
        case connection
        /// The service answered with an error: see ``ClientError/status``.
        case status
        /// The other side broke the protocol, or what it sent cannot be understood. Its software needs mending.
        case protocolViolation
        /// The task that made the call was cancelled.
        case cancelled
        /// The deadline passed, here or in the service.
        case deadline
        /// The client was closed.
        case closed
        /// The request breaks a limit or another rule that the service holds every request to, and was not sent: fix the
        /// request. ``ClientError/status`` says INVALID_ARGUMENT, or what else the service would have answered.
        case invalidRequest
        /// The call cannot be made so: the program that makes it needs mending.
        case misuse
    }

    public let kind: Kind
    /// The status code that the service gave, or the one that comes closest.
    public let status: StatusCode
    /// What was wrong, where, what to do.
    public let message: String
    /// The service may have carried out the call, although it failed here: the request was sent and no answer came, or
    /// the answer does not say that nothing was changed.
    public let mayHaveRun: Bool
    /// The number that the service's journal has the call under (`journalctl REQUEST_ID=...`), if the service gave one.
    public let request: UInt64?

    public var description: String { message }

    init(_ kind: Kind, _ status: StatusCode, _ message: String, mayHaveRun: Bool = false, request: UInt64? = nil) {
        self.kind = kind
        self.status = status
        self.message = message
        self.mayHaveRun = mayHaveRun
        self.request = request
    }

    /// The same error of a call that was sent before and may have been carried out then.
    func afterDoubt(_ doubt: Bool) -> ClientError {
        guard doubt, !mayHaveRun else { return self }
        return ClientError(
            kind, status, message + "; an earlier attempt may have been carried out", mayHaveRun: true, request: request
        )
    }

    static func cancelled(_ method: String) -> ClientError {
        ClientError(.cancelled, .cancelled, "\(method) was cancelled", mayHaveRun: true)
    }

    static func closed(_ endpoint: Endpoint) -> ClientError {
        ClientError(.closed, .unavailable, "the client of \(endpoint) has been closed: make a new one")
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

    /// What the service answered, as an error of the call. An unknown code is kept in the message.
    static func status(_ status: Status, of method: String) -> ClientError {
        let code = StatusCode(rawValue: status.code) ?? .unknown
        let kind: Kind =
            switch code {
            case .cancelled: .cancelled
            case .deadlineExceeded: .deadline
            case .protocolError: .protocolViolation
            default: .status
            }
        let text = status.message.isEmpty ? "the service answered with status \(status.code)" : status.message
        return ClientError(
            kind, code, "\(method): \(text)", mayHaveRun: code.leavesDoubt,
            request: status.request > 0 ? status.request : nil)
    }
}

extension ClientError {
    static func cannotStart(_ error: SystemError) -> ClientError {
        .connection("the client cannot start its I/O thread: \(error.text). Are too many files or threads open?")
    }
}

extension StatusCode {
    /// Whether a change may have been made although its answer has this code: PROTOCOL.md, "Sending a request again".
    var leavesDoubt: Bool {
        switch self {
        case .outcomeUnknown, .deadlineExceeded, .cancelled, .internal, .unknown: true
        default: false
        }
    }
}

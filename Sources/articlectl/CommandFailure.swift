// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol

/// Why a command cannot go on: what was wrong and where, what to do about it, and the code to end with.
struct CommandFailure: Error, Equatable {
    let code: ExitCode
    let message: String
    /// What to do about it, on a line of its own.
    let hint: String?
    /// The number that the service's journal has the request under.
    let request: UInt64?

    init(_ code: ExitCode, _ message: String, hint: String? = nil, request: UInt64? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.request = request
    }

    static func usage(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(.usage, message, hint: hint)
    }
}

extension CommandFailure {
    /// What a failed call means for a person.
    init(_ error: ClientError) {
        switch error.kind {
        case .connection where error.status == .permissionDenied: self.init(.permission, error.message)
        case .connection:
            let absent = ["no socket", "nobody listens"].contains { error.message.hasPrefix($0) }
            self.init(
                .unavailable, error.message,
                hint: absent ? "or by hand: `articled --listen unix:PATH`, and here --socket PATH" : nil)
        case .closed: self.init(.unavailable, error.message)
        case .deadline: self.init(.tryAgain, error.message, hint: "give it more time with --timeout")
        case .cancelled: self.init(.interrupted, error.message)
        case .protocolViolation: self.init(.protocol, error.message)
        case .invalidRequest: self.init(ExitCode(error.status), error.message)
        case .misuse: self.init(.software, error.message)
        case .status:
            let isFault = [.internal, .unknown, .dataLoss].contains(error.status)
            let hint = isFault ? error.request.map { "the journal may have more: `journalctl REQUEST_ID=\($0)`" } : nil
            self.init(ExitCode(error.status), error.message, hint: hint, request: error.request)
        }
    }

    /// What a failed call means that was to change something: that the change may have been made is said, and is an exit code.
    init(ofChange error: ClientError) {
        let failure = CommandFailure(error)
        let isCertain = !error.mayHaveRun || [.cancelled, .protocolViolation].contains(error.kind)
        self =
            isCertain
            ? failure
            : CommandFailure(
                .outcomeUnknown, failure.message,
                hint: "the change may or may not have been made: `articlectl fetch` shows the article",
                request: failure.request)
    }

    /// Any error at all.
    init(of error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClientError: self.init(error)
        case is CancellationError: self.init(.interrupted, "stopped")
        default: self.init(.software, "\(error)")
        }
    }
}

extension ExitCode {
    init(_ status: StatusCode) {
        switch status {
        case .ok: self = .success
        case .cancelled: self = .interrupted
        case .invalidArgument, .outOfRange: self = .data
        case .notFound: self = .notFound
        case .alreadyExists, .conflict: self = .conflict
        case .permissionDenied: self = .permission
        case .deadlineExceeded, .resourceExhausted, .unavailable: self = .tryAgain
        case .unimplemented, .failedPrecondition: self = .unavailable
        case .dataLoss: self = .io
        case .protocolError: self = .protocol
        case .unknown, .internal: self = .software
        case .outcomeUnknown: self = .outcomeUnknown
        }
    }
}

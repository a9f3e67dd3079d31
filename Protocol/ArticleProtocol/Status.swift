// SPDX-License-Identifier: Apache-2.0
/// How a request ended, and what the caller should do. See PROTOCOL.md, "Status codes".
public enum StatusCode: UInt32, Sendable, CaseIterable {
    /// Success.
    case ok = 0
    /// The caller cancelled the request.
    case cancelled = 1
    /// A code of a later version of the protocol.
    case unknown = 2
    /// The request is wrong. Fix it.
    case invalidArgument = 3
    /// The deadline passed. A write may or may not have been carried out.
    case deadlineExceeded = 4
    /// There is no such article.
    case notFound = 5
    /// The URL belongs to another article.
    case alreadyExists = 6
    /// The caller lacks the role. Ask the administrator.
    case permissionDenied = 7
    /// Too many requests, or a full disk; nothing was changed. Back off and try again.
    case resourceExhausted = 8
    /// The service is not set up for this. Tell the administrator.
    case failedPrecondition = 9
    /// The article is not at the expected revision. Fetch, merge, put again.
    case conflict = 10
    /// The place in the changes is no longer known. Start from the beginning.
    case outOfRange = 11
    /// The service has no such method, version or field.
    case unimplemented = 12
    /// A fault of the service; see its journal. A write may have been carried out.
    case `internal` = 13
    /// The service is stopping, or cannot work now; nothing was changed. Connect again and retry.
    case unavailable = 14
    /// Stored data is damaged. Restore it.
    case dataLoss = 15
    /// The peer broke the protocol; the connection is closed.
    case protocolError = 17
    /// The change may or may not have been made. Look, or send it again where that is safe.
    case outcomeUnknown = 18

    /// The name in PROTOCOL.md and on the command line: "INVALID_ARGUMENT".
    public var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .conflict: "CONFLICT"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .protocolError: "PROTOCOL_ERROR"
        case .outcomeUnknown: "OUTCOME_UNKNOWN"
        }
    }
}

/// The payload of ERROR and GO_AWAY.
public struct Status: ProtocolMessage {
    public static var name: String { "articled.v1.Status" }

    /// The raw value of a ``StatusCode``, or a code of a later version.
    public var code: UInt32
    /// What was wrong, for people. At most ``Limits/statusMessage`` bytes.
    public var message: String
    /// The number of the request in the service's journal; 0: no plugin saw the request.
    public var request: UInt64

    public init() { self.init(code: 0) }

    /// Creates a message from its fields.
    public init(code: UInt32 = 0, message: String = "", request: UInt64 = 0) {
        self.code = code
        self.message = message
        self.request = request
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: code = try reader.uint32()
        case 2: message = try reader.string()
        case 3: request = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(code, at: 1)
        writer.write(message, at: 2)
        writer.write(request, at: 3)
    }
}

/// Why a request cannot be carried out.
///
/// It has a status code other than OK, and a message for people that says what was wrong, where, and what to do about
/// it.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of error it is.
    public let code: StatusCode
    /// What was wrong, for people.
    public let message: String

    /// Creates an error.
    public init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code's name and the message: "NOT_FOUND: there is no article with this url".
    public var description: String { "\(code.name): \(message)" }
}

/// A request that cannot be carried out: a status code other than OK, and a message for people that says what was
/// wrong, where, and what to do about it.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the caller should do.
    public let code: StatusCode
    /// For people.
    public let message: String

    public init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.name): \(message)" }
}

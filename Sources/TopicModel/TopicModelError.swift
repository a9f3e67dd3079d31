/// Why a model, a data set or a training was refused.
public struct TopicModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is; what a program decides by.
    public enum Code: Sendable, Equatable {
        /// The file cannot be opened or read.
        case unreadable
        /// The file is not a topic model at all.
        case foreign
        /// The file is a topic model of a format that this version does not know.
        case unsupported
        /// The file began as a topic model, but its bytes are not what was written.
        case damaged
        /// The training data or the options cannot make a model.
        case unsuitable
        /// The file cannot be written.
        case unwritable
    }

    /// What kind of failure it is.
    public let code: Code
    /// What was wrong, where, and what to do about it.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

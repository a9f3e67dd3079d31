/// How a plugin is.
public struct Health: Sendable, Equatable {
    /// From well to useless.
    public enum State: UInt32, Sendable, Comparable {
        /// All is well.
        case healthy = 0
        /// It works, but a person should look.
        case degraded = 1
        /// It cannot do its work.
        case unhealthy = 2

        /// Well comes before useless.
        public static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }
    }

    /// How it is.
    public var state: State
    /// Why, for people; empty if all is well.
    public var message: String

    /// Tells how a plugin is.
    public init(_ state: State, _ message: String = "") {
        self.state = state
        self.message = message
    }

    /// All is well.
    public static let healthy = Health(.healthy)
}

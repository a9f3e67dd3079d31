/// A method that a plugin answers.
public struct Method: Sendable, Equatable {
    /// "store.put": two or more words of `[a-z][a-zA-Z0-9]*` with dots between; at most 63 bytes. "service." is articled's own.
    public var name: String
    /// The request message's name, for people and tools: "articled.v1.PutRequest".
    public var request: String
    /// The response message's name.
    public var response: String
    /// What a peer must be allowed to do to call it.
    public var role: Role
    /// How it is called.
    public var flags: Flags

    /// How a method is called.
    public struct Flags: OptionSet, Sendable {
        /// As the plugin boundary numbers them.
        public let rawValue: UInt32
        /// Flags as the plugin boundary numbers them.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The client sends any number of messages.
        public static let streamRequest = Flags(rawValue: 1)
        /// The plugin sends any number of messages.
        public static let streamResponse = Flags(rawValue: 2)
        /// A client may send it again when it does not know whether it was carried out.
        public static let idempotent = Flags(rawValue: 4)
    }

    /// Describes a method.
    public init(_ name: String, request: String, response: String, role: Role, flags: Flags = []) {
        self.name = name
        self.request = request
        self.response = response
        self.role = role
        self.flags = flags
    }
}

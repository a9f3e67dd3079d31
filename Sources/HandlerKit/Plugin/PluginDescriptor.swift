/// What a plugin says of itself before anything of it is called.
public struct PluginDescriptor: Sendable {
    /// `[a-z][a-z0-9-]*`, at most 63 bytes: its section of the configuration, its name in the journal.
    public var name: String
    /// The plugin's own version, for people.
    public var version: String
    /// The methods it answers, in the order in which ``Request/method`` counts them.
    public var methods: [Method]
    /// Whether it cannot do without an ``ArticleStorage``. articled does not start if none is provided then.
    public var needsStorage: Bool

    /// Describes a plugin.
    public init(name: String, version: String, methods: [Method] = [], needsStorage: Bool = false) {
        self.name = name
        self.version = version
        self.methods = methods
        self.needsStorage = needsStorage
    }
}

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

/// What a peer may do. A method asks for one, a peer has a set of them.
public struct Role: OptionSet, Sendable {
    /// As the plugin boundary numbers them.
    public let rawValue: UInt32
    /// Roles as the plugin boundary numbers them.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// May read articles.
    public static let read = Role(rawValue: 1)
    /// May store and delete articles.
    public static let write = Role(rawValue: 2)
    /// May administer the service.
    public static let administer = Role(rawValue: 4)
}

// SPDX-License-Identifier: Apache-2.0
/// Describes a plugin before any of its code is called.
public struct PluginDescriptor: Sendable {
    /// The name of its section of the configuration and in the journal: `[a-z][a-z0-9-]*`, at most 63 bytes.
    public var name: String
    /// The plugin's own version, for people.
    public var version: String
    /// Its methods. ``Request/method`` is an index into this array.
    public var methods: [Method]
    /// Whether it needs an ``ArticleStorage``. If it does and none is provided, articled does not start.
    public var needsStorage: Bool
    /// Whether it keeps files of its own, such as an index: see ``PluginContext/directory``.
    public var needsDirectory: Bool
    /// Names of plugins that start before this one, if they are there, and stop after it; at most 16. The storage engine
    /// always does.
    public var after: [String]

    /// Creates a descriptor.
    public init(
        name: String, version: String, methods: [Method] = [], needsStorage: Bool = false, needsDirectory: Bool = false,
        after: [String] = []
    ) {
        self.name = name
        self.version = version
        self.methods = methods
        self.needsStorage = needsStorage
        self.needsDirectory = needsDirectory
        self.after = after
    }
}

/// Describes one method of a plugin.
public struct Method: Sendable, Equatable {
    /// The name: "store.put". Two or more words of `[a-z][a-zA-Z0-9]*`, separated by dots, at most 63 bytes.
    /// "service." is reserved for articled.
    public var name: String
    /// The name of the request message, for people and tools: "articled.v1.PutRequest".
    public var request: String
    /// The name of the response message.
    public var response: String
    /// The role that a peer needs to call it.
    public var role: Role
    /// How it is called.
    public var flags: Flags

    /// How a method is called.
    public struct Flags: OptionSet, Sendable {
        /// The number that the C header uses.
        public let rawValue: UInt32
        /// Creates flags from the numbers of the C header.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The client sends any number of messages.
        public static let streamRequest = Flags(rawValue: 1)
        /// The plugin sends any number of messages.
        public static let streamResponse = Flags(rawValue: 2)
        /// A client may repeat the call if it does not know whether it was carried out.
        public static let idempotent = Flags(rawValue: 4)
        /// A stream without an end, such as one of changes: only a deadline that the client sets applies.
        public static let endless = Flags(rawValue: 8)
    }

    /// Creates a description of a method.
    public init(_ name: String, request: String, response: String, role: Role, flags: Flags = []) {
        self.name = name
        self.request = request
        self.response = response
        self.role = role
        self.flags = flags
    }
}

/// What a peer may do: a method requires one role, a peer has a set of them.
public struct Role: OptionSet, Sendable {
    /// The number that the C header uses.
    public let rawValue: UInt32
    /// Creates roles from the numbers of the C header.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// May read articles.
    public static let read = Role(rawValue: 1)
    /// May store and delete articles.
    public static let write = Role(rawValue: 2)
    /// May administer the service.
    public static let administer = Role(rawValue: 4)
}

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

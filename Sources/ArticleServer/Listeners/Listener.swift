/// A listening stream socket.
public struct Listener: Sendable, Equatable, CustomStringConvertible {
    /// Non-blocking, closed on exec.
    public let descriptor: Int32
    /// Otherwise it is a Unix socket.
    public let isTCP: Bool
    /// The group that a Unix socket's file belongs to; nil if it has no file.
    public let group: UInt32?
    /// Whether it came from systemd, which goes on listening when we end.
    public let isInherited: Bool
    /// `unix:/run/articled/articled.sock`
    public let description: String

    /// A socket that listens already.
    public init(descriptor: Int32, isTCP: Bool, group: UInt32? = nil, isInherited: Bool = false, description: String) {
        self.descriptor = descriptor
        self.isTCP = isTCP
        self.group = group
        self.isInherited = isInherited
        self.description = description
    }
}

/// A listening stream socket.
public struct Listener: Sendable, Equatable, CustomStringConvertible {
    /// Who is expected there.
    public enum Purpose: Sendable, Equatable {
        /// Clients that speak PROTOCOL.md.
        case articles
        /// Prometheus, which speaks HTTP.
        case metrics
    }

    /// Non-blocking, closed on exec.
    public let descriptor: Int32
    /// Otherwise it is a Unix socket.
    public let isTCP: Bool
    /// The group that a Unix socket's file belongs to; nil if it has no file.
    public let group: UInt32?
    /// Whether it came from systemd, which goes on listening when we end.
    public let isInherited: Bool
    public let purpose: Purpose
    /// `unix:/run/articled/articled.sock`
    public let description: String

    /// A socket that listens already.
    public init(
        descriptor: Int32, isTCP: Bool, group: UInt32? = nil, isInherited: Bool = false, purpose: Purpose = .articles,
        description: String
    ) {
        self.descriptor = descriptor
        self.isTCP = isTCP
        self.group = group
        self.isInherited = isInherited
        self.purpose = purpose
        self.description = description
    }
}

/// Who sent a request.
public struct Peer: Sendable, Equatable {
    /// What it may do.
    public let roles: Role
    /// Its user, if it came over a Unix socket.
    public let user: UInt32?
    /// Its group, if it came over a Unix socket.
    public let group: UInt32?
    /// Its process, if it came over a Unix socket.
    public let process: UInt32?
}

internal import CPluginABI
internal import Glibc

/// Who may read, write and administer.
public struct AccessPolicy: Sendable, Equatable {
    /// A set of `ARTICLED_ROLE_*`.
    typealias Roles = UInt32

    static let read = UInt32(ARTICLED_ROLE_READ)
    static let write = UInt32(ARTICLED_ROLE_WRITE)
    static let administer = UInt32(ARTICLED_ROLE_ADMIN)
    static let all = read | write | administer

    /// By user id. The superuser and the service's own user may do everything.
    var users: [UInt32: Roles] = [:]
    /// By group id, of the peer's own and of its supplementary groups.
    var groups: [UInt32: Roles] = [:]
    /// For members of the group that a Unix socket's file belongs to.
    var socketGroup: Roles = 0
    /// For everybody who can connect to a Unix socket.
    var everyone: Roles = 0
    /// For everybody who can connect to a TCP socket.
    var tcp: Roles = read | write
    /// The user that the service runs as.
    var owner: UInt32

    /// The default: the owner and the superuser everything, on TCP reading and writing.
    ///
    /// - Parameter owner: the user that the service runs as.
    public init(owner: UInt32) { self.owner = owner }

    /// The default for the user that this process runs as.
    public init() { self.init(owner: geteuid()) }

    /// What a peer may do, as a set of `ARTICLED_ROLE_*`.
    func roles(of peer: PeerCredentials?, on listener: Listener) -> UInt32 {
        if listener.isTCP { return tcp }
        // A peer that the kernel names nobody for gets nothing.
        guard let peer else { return 0 }
        if peer.user == 0 || peer.user == owner { return Self.all }
        var roles = everyone | (users[peer.user] ?? 0)
        for group in peer.allGroups {
            roles |= groups[group] ?? 0
            if group == listener.group { roles |= socketGroup }
        }
        return roles
    }
}

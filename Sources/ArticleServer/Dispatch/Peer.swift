internal import CLinux
internal import CPluginABI

/// Who is at the other end of a connection, and what that peer may do.
struct Peer {
    /// The process, user and group that connected; nil on TCP.
    let credentials: PeerCredentials?
    /// A set of `ARTICLED_ROLE_*`.
    let roles: UInt32

    init(of descriptor: Int32, on listener: Listener, policy: AccessPolicy) {
        credentials = listener.isTCP ? nil : PeerCredentials(of: descriptor)
        roles = policy.roles(of: credentials, on: listener)
    }

    /// For tests.
    init(credentials: PeerCredentials?, roles: UInt32) {
        self.credentials = credentials
        self.roles = roles
    }
}

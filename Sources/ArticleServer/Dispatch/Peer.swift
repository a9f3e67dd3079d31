internal import CLinux
internal import CPluginABI

/// Who is at the other end of a connection, and what that peer may do.
struct Peer {
    /// The process, user and group that connected; nil on TCP.
    let credentials: PeerCredentials?
    /// A set of `ARTICLED_ROLE_*`: by the policy that it connected under.
    let roles: UInt32
    /// Whose share its connection counts against.
    let identity: PeerIdentity
    /// Where it connected; nil in tests.
    private let listener: Listener?

    init(of descriptor: Int32, on listener: Listener, policy: AccessPolicy) {
        credentials = listener.isTCP ? nil : PeerCredentials(of: descriptor)
        roles = policy.roles(of: credentials, on: listener)
        identity =
            if listener.isTCP {
                PeerIdentity(SocketAddress.remote(of: descriptor))
            } else {
                credentials.map { .user($0.user) } ?? .unknown
            }
        self.listener = listener
    }

    /// Whether what is kept for administrators is for it.
    var isAdministrator: Bool { roles & AccessPolicy.administer != 0 }

    /// What the peer may do by another policy than that which it connected under.
    func roles(under policy: AccessPolicy) -> UInt32 { listener.map { policy.roles(of: credentials, on: $0) } ?? roles }

    /// For tests.
    init(credentials: PeerCredentials?, roles: UInt32) {
        self.credentials = credentials
        self.roles = roles
        identity = credentials.map { .user($0.user) } ?? .unknown
        listener = nil
    }
}

extension Peer: CustomStringConvertible {
    /// "user 1000 (process 4711)", "127.0.0.1 on tcp:127.0.0.1:7450"
    var description: String {
        if let credentials { return "user \(credentials.user) (process \(credentials.process))" }
        return listener.map { "\(identity) on \($0)" } ?? "\(identity)"
    }

    /// For the journal.
    var fields: [String: String] {
        var fields = credentials.map {
            ["PEER_UID": "\($0.user)", "PEER_GID": "\($0.group)", "PEER_PID": "\($0.process)"]
        }
        if let listener { fields = (fields ?? [:]).merging(["LISTENER": "\(listener)"]) { $1 } }
        return fields ?? [:]
    }
}

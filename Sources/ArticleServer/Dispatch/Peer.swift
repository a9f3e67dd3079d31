// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import CPluginABI
internal import TLSTransport

/// The other end of a connection, and its roles.
struct Peer {
    /// The process, user and group that connected; nil for TCP.
    let credentials: PeerCredentials?
    /// The certificate of a TLS client, which was verified; nil if it has none.
    private(set) var certificate: TLSCertificate?
    /// A set of `ARTICLED_ROLE_*`, from the policy at the time of the connection.
    let roles: UInt32
    /// Whose share the connection counts against.
    let identity: PeerIdentity
    /// The socket that it connected to; nil in tests.
    let listener: Listener?

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

    /// Whether it may use what is reserved for administrators.
    var isAdministrator: Bool { roles & AccessPolicy.administer != 0 }

    /// The peer's roles under another policy.
    func roles(under policy: AccessPolicy) -> UInt32 {
        listener.map { policy.roles(of: credentials, certificate, on: $0) } ?? roles
    }

    /// Whether it came through a TCP socket.
    var isTCP: Bool { listener?.isTCP ?? false }

    /// It has proved to own a certificate.
    mutating func authenticate(_ certificate: TLSCertificate?) { self.certificate = certificate }

    /// A plugin that calls another one's method, and not for a request.
    init(plugin: String, roles: UInt32) {
        credentials = nil
        self.roles = roles
        identity = .plugin(plugin)
        listener = nil
    }

    /// For tests.
    init(credentials: PeerCredentials?, roles: UInt32) {
        self.credentials = credentials
        self.roles = roles
        identity = credentials.map { .user($0.user) } ?? .unknown
        listener = nil
    }
}

extension Peer: CustomStringConvertible {
    /// "user 1000 (process 4711)", "127.0.0.1 on tcp:127.0.0.1:7450", "dns:portal at 10.0.0.1 on tcp:10.0.0.2:7450"
    var description: String {
        if let credentials { return "user \(credentials.user) (process \(credentials.process))" }
        let name = certificate.map { "\(CertificateName.all(of: $0).first?.description ?? "") at " } ?? ""
        return listener.map { "\(name)\(identity) on \($0)" } ?? "\(identity)"
    }

    /// For the journal.
    var fields: [String: String] {
        var fields = credentials.map {
            ["PEER_UID": "\($0.user)", "PEER_GID": "\($0.group)", "PEER_PID": "\($0.process)"]
        }
        if let certificate {
            fields = [
                "TLS_NAMES": certificate.names.joined(separator: ","), "TLS_SUBJECT": certificate.subject,
                "TLS_SHA256": CertificateName.text(of: certificate.fingerprint),
            ]
        }
        if let listener { fields = (fields ?? [:]).merging(["LISTENER": "\(listener)"]) { $1 } }
        return fields ?? [:]
    }
}

/// The process at the other end of a Unix socket: SO_PEERCRED and SO_PEERGROUPS of unix(7).
public struct PeerCredentials: Sendable, Equatable {
    let process: UInt32
    let user: UInt32
    let group: UInt32
    /// Supplementary groups.
    let groups: [UInt32]

    /// nil if the kernel does not tell.
    init?(of descriptor: Int32) {
        var process: UInt32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        guard unsafe clinux_peer_credentials(descriptor, &process, &user, &group) == 0 else { return nil }
        self.init(process: process, user: user, group: group, groups: Self.groups(of: descriptor))
    }

    init(process: UInt32, user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.process = process
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// The primary group and the supplementary ones.
    var allGroups: [UInt32] { [group] + groups }

    /// Empty if the kernel does not tell. Then only the primary group counts, which gives less access, never more.
    private static func groups(of descriptor: Int32) -> [UInt32] {
        let limit = 65536  // NGROUPS_MAX
        var capacity = 32
        while capacity <= limit {
            var groups = [UInt32](repeating: 0, count: capacity)
            let count = unsafe Int(clinux_peer_groups(descriptor, &groups, Int32(capacity)))
            if count < 0 { return [] }
            if count <= capacity { return Array(groups[..<count]) }
            capacity = count
        }
        return []
    }
}

/// Who a share is for. All connections of one user, or from one address, share it.
enum PeerIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The user at the other end of a Unix socket.
    case user(UInt32)
    /// The bytes of an IPv4 address, or of a 64-bit IPv6 network: a host can use all addresses of its network.
    case address([UInt8])
    /// A plugin of the service, by its name.
    case plugin(String)
    /// The kernel does not tell.
    case unknown

    /// Of the other end of a TCP connection.
    init(_ address: ListenAddress?) {
        switch address {
        case .ipv4(let bytes, _): self = .address(bytes)
        // An IPv4 address on a socket for both families.
        case .ipv6(let bytes, _) where bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]):
            self = .address(Array(bytes.suffix(4)))
        case .ipv6(let bytes, _): self = .address(bytes.prefix(8) + [UInt8](repeating: 0, count: 8))
        case .unix, nil: self = .unknown
        }
    }

    var description: String {
        switch self {
        case .user(let user): "user \(user)"
        case .plugin(let name): "the plugin \(name)"
        case .address(let bytes) where bytes.count == 4: InternetAddress.text(of: .ipv4(bytes, port: 0))
        case .address(let bytes): InternetAddress.text(of: .ipv6(bytes, port: 0)) + "/64"
        case .unknown: "a peer"
        }
    }
}

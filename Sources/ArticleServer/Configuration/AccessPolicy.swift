// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI
internal import Glibc
internal import JSONTree
internal import TLSTransport

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
    /// By the certificate of a TLS client.
    var certificates: [CertificateName: Roles] = [:]
    /// For members of the group that owns the file of a Unix socket.
    var socketGroup: Roles = 0
    /// For everyone who can connect to a Unix socket.
    var everyone: Roles = 0
    /// For everyone who can connect to a TCP socket.
    var tcp: Roles = read | write
    /// The user that the service runs as.
    var owner: UInt32

    /// The default: the owner and the superuser may do everything; TCP clients may read and write.
    ///
    /// - Parameter owner: the user that the service runs as.
    public init(owner: UInt32) { self.owner = owner }

    /// The default for the user that this process runs as.
    public init() { self.init(owner: geteuid()) }

    /// The roles of a peer, as a set of `ARTICLED_ROLE_*`.
    func roles(of peer: PeerCredentials?, _ certificate: TLSCertificate? = nil, on listener: Listener) -> UInt32 {
        if listener.isTCP {
            guard let certificate, !certificates.isEmpty else { return tcp }
            return CertificateName.all(of: certificate).reduce(tcp) { $0 | (certificates[$1] ?? 0) }
        }
        // A peer whose user the kernel does not name gets no role.
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

extension AccessPolicy {
    /// Reads the section `access`. Looks names up now, with getpwnam(3) and getgrnam(3).
    init(_ section: ConfigurationSection, owner: UInt32) {
        self.init(owner: owner)
        for (key, role) in Self.names {
            let part = section.section(key)
            for user in part.accounts("users", Account.user) { users[user, default: 0] |= role }
            for group in part.accounts("groups", Account.group) { groups[group, default: 0] |= role }
            if part.bool("everyone") == true { everyone |= role }
            for name in part.certificates("certificates") { certificates[name, default: 0] |= role }
            part.finish()
        }
        if let given = section.roles("socketGroup") { socketGroup = given }
        // Whoever names certificates does not mean that clients without one may do the same.
        tcp = section.roles("tcp") ?? (certificates.isEmpty ? tcp : 0)
        section.finish()
    }

    static let names = [("read", read), ("write", write), ("administer", administer)]
}

extension ConfigurationSection {
    /// An array of role names as a set.
    fileprivate func roles(_ key: String) -> AccessPolicy.Roles? {
        guard let names = strings(key) else { return nil }
        var roles: AccessPolicy.Roles = 0
        for (index, name) in names {
            if let role = AccessPolicy.names.first(where: { $0.0 == name }) {
                roles |= role.1
            } else {
                problem(key, index, "\"\(name)\" is not one of read, write, administer")
            }
        }
        return roles
    }

    /// An array of names or numbers as numbers.
    fileprivate func accounts(_ key: String, _ lookUp: (String) -> UInt32?) -> [UInt32] {
        (array(key) ?? []).enumerated().compactMap { index, element in
            switch element {
            case .number(let text):
                // The highest number stands for "none" in the kernel's interfaces.
                if let number: UInt32 = element.whole(), number != .max { return number }
                problem(key, index, "\(text) is not a valid id")
            case .string(let name):
                if let number = lookUp(name) { return number }
                problem(key, index, "there is no \"\(name)\" on this machine")
            default: problem(key, index, "must be a name or a number, is \(element.kind)")
            }
            return nil
        }
    }
}

/// The system's users and groups.
enum Account {
    /// A user's number: getpwnam_r(3).
    static func user(_ name: String) -> UInt32? {
        var record = unsafe passwd()
        return unsafe withMemory { buffer, size in
            var found: UnsafeMutablePointer<passwd>?
            guard unsafe getpwnam_r(name, &record, buffer, size, &found) == 0, unsafe found != nil else { return nil }
            return unsafe record.pw_uid
        }
    }

    /// A group's number: getgrnam_r(3).
    static func group(_ name: String) -> UInt32? {
        var record = unsafe Glibc.group()
        return unsafe withMemory { buffer, size in
            var found: UnsafeMutablePointer<Glibc.group>?
            guard unsafe getgrnam_r(name, &record, buffer, size, &found) == 0, unsafe found != nil else { return nil }
            return unsafe record.gr_gid
        }
    }

    /// Memory for the strings of one record. A group with many members needs a lot.
    private static func withMemory(_ body: (UnsafeMutablePointer<CChar>, Int) -> UInt32?) -> UInt32? {
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
        defer { unsafe buffer.deallocate() }
        return unsafe body(buffer, size)
    }
}

extension AccessPolicy {
    /// The keys of the section `access`, in the order of the example configuration.
    static let keys: [ConfigurationKey] =
        names.flatMap { name, role in keys(ofRole: name, role) } + [
            ConfigurationKey("access.socketGroup") { ConfigurationText.roles($0.access.socketGroup) },
            ConfigurationKey("access.tcp") { ConfigurationText.roles($0.access.tcp) },
        ]

    private static func keys(ofRole name: String, _ role: Roles) -> [ConfigurationKey] {
        [
            ConfigurationKey("access.\(name).users") { ConfigurationText.accounts($0.access.users, role) },
            ConfigurationKey("access.\(name).groups") { ConfigurationText.accounts($0.access.groups, role) },
            ConfigurationKey("access.\(name).certificates") {
                ConfigurationText.certificates($0.access.certificates, role)
            },
            ConfigurationKey("access.\(name).everyone") { "\($0.access.everyone & role != 0)" },
        ]
    }
}

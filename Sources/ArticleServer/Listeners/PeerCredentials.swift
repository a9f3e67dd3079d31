internal import CLinux

/// The process at the other end of a Unix socket: SO_PEERCRED and SO_PEERGROUPS of unix(7).
public struct PeerCredentials: Sendable, Equatable {
    let process: UInt32
    let user: UInt32
    let group: UInt32
    /// Supplementary groups.
    let groups: [UInt32]

    /// nil if the kernel does not say.
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

    /// None if the kernel does not say: then only the primary group counts, which gives less access, never more.
    private static func groups(of descriptor: Int32) -> [UInt32] {
        let most = 65536  // NGROUPS_MAX
        var capacity = 32
        while capacity <= most {
            var groups = [UInt32](repeating: 0, count: capacity)
            let count = unsafe Int(clinux_peer_groups(descriptor, &groups, Int32(capacity)))
            if count < 0 { return [] }
            if count <= capacity { return Array(groups[..<count]) }
            capacity = count
        }
        return []
    }
}

internal import CLinux
public struct PeerCredentials: Sendable {
    let process, user, group: UInt32
    init?(of descriptor: Int32) {
        var a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0
        guard unsafe clinux_peer_credentials(descriptor, &a, &b, &c) == 0 else { return nil }
        process = a; user = b; group = c
    }
}

internal import CSystemd
internal import Glibc
internal import LinuxRuntime

/// Where the service manager keeps descriptors of ours from one process of the service to the next: FDSTORE of
/// sd_notify(3), FileDescriptorStoreMax= of systemd.service(5).
public enum DescriptorStore {
    /// How long the service manager may take to look at what it was sent.
    private static let patience: UInt64 = 5_000_000  // microseconds

    /// How many descriptors it keeps; 0 if there is no store, or nobody says that there is.
    ///
    /// systemd 254 and later say so in $FDSTORE; for those before, the unit does.
    public static var capacity: Int {
        guard Environment.text("NOTIFY_SOCKET") != nil, let text = Environment.text("FDSTORE") else { return 0 }
        return Int(text).map { max(0, $0) } ?? 0
    }

    /// Stores a descriptor, which stays open here as well. FDPOLL=0: systemd would drop a socket whose peer has closed.
    ///
    /// - Returns: why it did not come about; nil if it did.
    static func store(_ descriptor: Int32, name: String) -> String? {
        let sent = unsafe sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", [descriptor], 1)
        guard sent > 0 else {
            return sent == 0 ? "there is none" : "sd_notify: \(SystemError.text(of: -sent))"
        }
        // Only then may we end: what is still on its way might be looked at after our end.
        let passed = sd_notify_barrier(0, patience)
        return passed < 0 ? "sd_notify_barrier: \(SystemError.text(of: -passed))" : nil
    }

    /// Takes all descriptors of that name out of the store. Our own stay open.
    public static func remove(name: String) { unsafe _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)") }
}

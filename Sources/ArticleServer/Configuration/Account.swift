internal import Glibc

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

    /// Room for one record's strings; a group of many members needs much.
    private static func withMemory(_ body: (UnsafeMutablePointer<CChar>, Int) -> UInt32?) -> UInt32? {
        let size = 1 << 20
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
        defer { unsafe buffer.deallocate() }
        return unsafe body(buffer, size)
    }
}

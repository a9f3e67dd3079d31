internal import Glibc
internal import HandlerKit

/// Room on the disk.
enum DiskSpace {
    private static let least: UInt64 = 256 << 20

    /// Degraded while there is still time to do something about it: below 256 MiB, or below 5 % of a smaller disk.
    static func health(of directory: String) -> Health {
        var information = statvfs()
        guard unsafe statvfs(directory, &information) == 0 else {
            return Health(.unhealthy, "\(directory): \(unsafe String(cString: strerror(errno)))")
        }
        let unit = UInt64(information.f_frsize)
        let free = UInt64(information.f_bavail) * unit
        let total = UInt64(information.f_blocks) * unit
        guard free < min(least, total / 20) else { return .healthy }
        return Health(.degraded, "\(directory): the disk has \(free >> 20) MiB left; free some space")
    }
}

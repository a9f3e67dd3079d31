internal import Glibc

/// How many files and sockets the process may have open: getrlimit(2).
public enum DescriptorLimit {
    /// What plugins, loops and the journal need beside the connections.
    private static let reserve: UInt = 128

    /// Raises the limit as far as it may be raised, if so many connections need it.
    ///
    /// - Returns: how many connections there is room for, if it is fewer.
    public static func raise(forConnections connections: Int) -> Int? {
        let needed = rlim_t(clamping: connections) + reserve
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
            return nil
        }
        limit.rlim_cur = min(limit.rlim_max, needed)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur < needed ? Int(clamping: limit.rlim_cur) - Int(reserve) : nil
    }
}

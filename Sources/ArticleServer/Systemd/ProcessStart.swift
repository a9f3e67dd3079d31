internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// The signals that steer the process, as something to wait for: signalfd(2).
public struct Signals: Sendable {
    /// What a person or the service manager wants.
    public enum Wish: Sendable, Equatable {
        /// SIGTERM, SIGINT
        case stop
        /// SIGHUP
        case reload
    }

    /// Readable when there is a wish.
    public let descriptor: Int32

    /// Blocks the signals in this thread and in those that it starts later: to be made before any other thread.
    public init() throws(StartError) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = unsafe clinux_signalfd([SIGTERM, SIGINT, SIGHUP], 3)
        guard descriptor >= 0 else { throw StartError(.system, "signalfd: \(SystemError.text(of: errno))") }
    }

    /// The next wish, or nil if none waits.
    public func next() -> Wish? {
        switch clinux_signalfd_read(descriptor) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        default: nil
        }
    }
}

/// Where storage engines keep their files.
public enum StateDirectory {
    /// The directory that was given, or the one of the environment, or the usual one: made if it is not there.
    public static func prepare(_ given: String?) throws(StartError) -> String {
        let path: String
        if let given {
            path = given
        } else if let directory = try Environment.directory("STATE_DIRECTORY") {
            path = directory
        } else {
            path = try usual()
        }
        try make(path)
        return path
    }

    /// The system's, or a user's own as the XDG base directory specification has it.
    private static func usual() throws(StartError) -> String {
        if geteuid() == 0 { return "/var/lib/articled" }
        if let state = try Environment.directory("XDG_STATE_HOME") { return "\(state)/articled" }
        if let home = try Environment.directory("HOME") { return "\(home)/.local/state/articled" }
        throw StartError(.usage, "no state directory: give --state-directory DIR, or set $STATE_DIRECTORY or $HOME")
    }

    /// mkdir(2) for each part of the path that is missing; for nobody but ourselves.
    private static func make(_ path: String) throws(StartError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if unsafe mkdir(made, 0o700) != 0, errno != EEXIST, errno != EROFS {
                let code = errno
                var status = stat()
                if unsafe stat(made, &status) == 0 { continue }
                throw StartError(.system, "\(path): the state directory cannot be made: \(SystemError.text(of: code))")
            }
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw StartError(.system, "\(path): the state directory: \(SystemError.text(of: errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw StartError(.system, "\(path): not a directory") }
    }
}

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

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// The signals that control the process, as a descriptor: signalfd(2).
public struct Signals: Sendable {
    /// What a person or the service manager asks for.
    public enum Request: Sendable, Equatable {
        /// SIGTERM, SIGINT
        case stop
        /// SIGHUP
        case reload
    }

    /// Readable when a signal is pending.
    public let descriptor: Int32

    /// Blocks the signals in this thread and in those that it starts later. Create it before any other thread.
    public init() throws(StartError) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = unsafe clinux_signalfd([SIGTERM, SIGINT, SIGHUP], 3)
        guard descriptor >= 0 else { throw StartError(.system, "signalfd: \(SystemError.text(of: errno))") }
    }

    /// The next request, or nil if there is none.
    public func next() -> Request? {
        switch clinux_signalfd_read(descriptor) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        default: nil
        }
    }
}

/// The directory for the files of storage engines.
public enum StateDirectory {
    /// The given directory, or that of the environment, or the default. It is created if it does not exist.
    public static func prepare(_ given: String?) throws(StartError) -> String {
        let path: String
        if let given {
            path = given
        } else if let directory = try ProcessEnvironment.directory("STATE_DIRECTORY") {
            path = directory
        } else {
            path = try usual()
        }
        try make(path)
        return path
    }

    /// The system's directory, or a user's as in the XDG base directory specification.
    private static func usual() throws(StartError) -> String {
        if geteuid() == 0 { return "/var/lib/articled" }
        if let state = try ProcessEnvironment.directory("XDG_STATE_HOME") { return "\(state)/articled" }
        if let home = try ProcessEnvironment.directory("HOME") { return "\(home)/.local/state/articled" }
        throw StartError(.usage, "no state directory: give --state-directory DIR, or set $STATE_DIRECTORY or $HOME")
    }

    /// Creates each missing part of the path, with access for us alone.
    private static func make(_ path: String) throws(StartError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if unsafe mkdir(made, 0o700) != 0, errno != EEXIST, errno != EROFS {
                let code = errno
                var status = stat()
                if unsafe stat(made, &status) == 0 { continue }
                throw StartError(
                    .system, "\(path): the state directory cannot be created: \(SystemError.text(of: code))")
            }
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw StartError(.system, "\(path): the state directory: \(SystemError.text(of: errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw StartError(.system, "\(path): not a directory") }
    }
}

/// The limit of open files and sockets: getrlimit(2).
public enum DescriptorLimit {
    /// What plugins, loops and the journal need in addition to connections.
    private static let reserve: UInt = 128

    /// Raises the limit as far as possible, if so many connections need it.
    ///
    /// - Returns: how many connections there is room for, if that is fewer.
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

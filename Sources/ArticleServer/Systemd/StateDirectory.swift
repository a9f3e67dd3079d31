internal import Glibc
internal import LinuxRuntime

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

internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// The file of a Unix socket.
enum SocketFile {
    /// Removes the file of a socket that nobody listens on any more, so that its address can be bound anew.
    ///
    /// - Throws: if the file is no socket, or if somebody does listen.
    static func removeIfDead(_ path: String) throws(StartError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw StartError(.system, "\(path): there is a file that is no socket; it is left alone")
        }
        let probe = clinux_socket(AF_UNIX, 1)
        guard probe >= 0 else { throw StartError(.system, "socket: \(SystemError.text(of: errno))") }
        defer { _ = close(probe) }
        let answer = unsafe SocketAddress.with(.unix(path)) { unsafe connect(probe, $0, $1) }
        // Anything but a refusal, such as a full queue, means that there is a listener, or that we cannot tell.
        guard answer != 0, errno == ECONNREFUSED else {
            throw StartError(.system, "\(path): another process listens there; stop it, or choose another path")
        }
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw StartError(
                .system, "\(path): a socket that nobody listens on is in the way: \(SystemError.text(of: errno))")
        }
    }

    /// The group that the file belongs to.
    static func group(_ path: String) -> UInt32? {
        var status = stat()
        guard path.hasPrefix("/"), unsafe stat(path, &status) == 0 else { return nil }
        return status.st_gid
    }
}

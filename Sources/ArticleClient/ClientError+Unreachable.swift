import ArticleProtocol
import Glibc
import LinuxRuntime

extension ClientError {
    /// What a person should do about a socket that cannot be connected.
    static func unreachable(_ endpoint: Endpoint, _ error: SystemError) -> ClientError {
        guard case .unix(let path) = endpoint else {
            let advice =
                error.code == ECONNREFUSED
                ? "does articled listen there? Its TCP socket is off unless the configuration or articled-tcp.socket opens it"
                : "check the address and the network"
            return .connection("cannot connect to \(endpoint): \(error.text): \(advice)")
        }
        switch error.code {
        case ENOENT, ENOTDIR:
            return .connection(
                "no socket at \(path): is articled.socket enabled? systemctl enable --now articled.socket")
        case ECONNREFUSED where !isSocket(path):
            return .connection(
                "\(path) is no socket: articled's is /run/articled/articled.sock, unless it was told another")
        case ECONNREFUSED:
            return .connection(
                "nobody listens at \(path): the socket is left over from a service that has ended. "
                    + "systemctl restart articled.socket")
        case EACCES, EPERM:
            return ClientError(
                .connection, .permissionDenied,
                "no permission to use \(path): become a member of its group (ls -l \(path) names it), or ask as root")
        case EAGAIN:
            return .connection("\(path) takes no connections at the moment: its queue is full. Try again")
        default:
            return .connection("cannot connect to \(path): \(error.text)")
        }
    }

    /// Whether there is a socket by this name. One that nobody listens at, and a file of any other kind, refuse alike.
    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        if path.hasPrefix("@") { return true }
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// Where articled listens.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// A Unix socket, by its path.
    case unix(path: String)
    /// A TCP socket. A name is resolved when a connection is made, which may take as long as the resolver needs; a numeric
    /// address never waits.
    case tcp(host: String, port: UInt16)

    /// The socket that `articled.socket` opens: `/run/articled/articled.sock`.
    public static var systemDefault: Endpoint { .unix(path: "/run/articled/articled.sock") }

    /// `unix:/run/articled/articled.sock`, `tcp:127.0.0.1:7450`, `tcp:[::1]:7450`.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
        }
    }
}

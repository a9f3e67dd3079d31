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

/// How an ``ArticleClient`` behaves. The defaults suit a program that talks to articled on the same machine.
public struct ClientOptions: Sendable {
    /// Who is calling, for the service's journal: "newsroom/2.1".
    public var agent = "ArticleClient/1"
    /// How long making a connection may take, hello included.
    public var connectTimeout: Duration = .seconds(5)
    /// The deadline of a call that gives none itself. `nil`: the service's own limit, and none here.
    public var deadline: Duration? = .seconds(60)
    /// How long a call waits for a lost connection to come back, and is tried again where that is safe, before it
    /// fails. Within the call's deadline in any case.
    public var patience: Duration = .seconds(10)
    /// Whether the first connection of all is waited for with the same patience. If not, a service that cannot be
    /// reached is reported at once, which is what a person at a terminal wants.
    public var waitsForService = false
    /// How often one call is sent at most. More than one only where it is safe: see ``Retry``.
    public var attempts = 4
    /// The pause before the second attempt to connect; each further one is twice as long, up to ``longestPause``. Each
    /// pause is shortened at random by up to a half, so that many clients do not come back at the same instant.
    public var shortestPause: Duration = .milliseconds(20)
    public var longestPause: Duration = .seconds(2)
    /// If set: a connection with calls in flight on which nothing arrived for so long is asked with a PING, and given up if
    /// nothing arrives for as long again. For TCP across machines, where a peer can vanish without a word.
    public var keepAlive: Duration?
    /// The largest answer taken, in bytes: at least 8192.
    public var largestFrame = 16 << 20 {
        didSet { largestFrame = min(max(largestFrame, 8192), Int(Int32.max)) }
    }
    /// How many bytes of a streamed answer may be under way before the program has taken them: at least 1.
    public var streamWindow = 256 << 10 {
        didSet { streamWindow = min(max(streamWindow, 1), Int(Int32.max)) }
    }
    /// How many bytes wait for the socket at most. Calls beyond it wait with their own tasks suspended.
    public var outgoingBytes = 1 << 20

    public init() {}
}

/// What one call wants that differs from the client's ``ClientOptions``.
public struct CallPolicy: Sendable {
    /// From now on; sent to the service, which stops work when it passes, and enforced here. `nil`: ``ClientOptions/deadline``.
    public var deadline: Duration?
    public var retry: Retry

    public init(deadline: Duration? = nil, retry: Retry = .automatic) {
        self.deadline = deadline
        self.retry = retry
    }
}

/// Whether a call is sent again after the connection was lost before the answer came, or after the answer OUTCOME_UNKNOWN. A
/// request that was not sent whole, or was answered with UNAVAILABLE or RESOURCE_EXHAUSTED, was not carried out and is always
/// sent again, up to ``ClientOptions/attempts`` times. The question is what happens to one that may have been.
public enum Retry: Sendable, Hashable {
    /// If the service's table of methods says that the method is idempotent.
    case automatic
    /// Carrying it out twice does no harm: the caller knows.
    case idempotent
    /// Never: the caller wants to know of the doubt (``ClientError/mayHaveRun``).
    case never
}

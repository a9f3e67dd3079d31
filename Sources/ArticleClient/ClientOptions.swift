// SPDX-License-Identifier: Apache-2.0
/// The options of an ``ArticleClient``. The defaults suit a program on the same machine as the service.
public struct ClientOptions: Sendable {
    /// The program's name in the service's journal: "newsroom/2.1".
    public var agent = "ArticleClient/1"
    /// The time limit for making a connection, including the hello.
    public var connectTimeout: Duration = .seconds(5)
    /// The deadline of calls that set none themselves. `nil`: the service's default, and no deadline in the client.
    public var deadline: Duration? = .seconds(60)
    /// How long a call waits for a connection before it fails. The call's deadline also applies.
    ///
    /// After a connection is lost, calls wait this long for the next one. They are then sent, or sent again where that
    /// is safe: see ``Retry``.
    public var reconnectTimeout: Duration = .seconds(10)
    /// Whether the client's first connection is also waited for. If not, a service that cannot be reached is reported
    /// at once, which suits a person at a terminal.
    public var waitsForService = false
    /// How many times one call is sent at most. It is sent more than once only where that is safe: see ``Retry``.
    public var maxAttempts = 4
    /// The pause before the second attempt to connect. Each further pause is twice as long, up to ``maxBackoff``.
    ///
    /// Each pause is shortened at random by up to a half, so that many clients do not reconnect at the same moment.
    public var minBackoff: Duration = .milliseconds(20)
    /// The longest pause between two attempts to connect.
    public var maxBackoff: Duration = .seconds(2)
    /// Which of several endpoints gets a call.
    public var loadBalancing = LoadBalancing.leastRequests
    /// Detects a dead peer: if nothing arrives for this long while calls are in flight, the client sends a PING; if
    /// nothing arrives for as long again, it gives up the connection. `nil`: off for a client of one endpoint, and 5 s for
    /// a client of several.
    ///
    /// Set it for TCP between machines, where a peer can disappear without notice.
    public var keepAlive: Duration?
    static let defaultKeepAlive = Duration.seconds(5)
    /// The largest response message that the client accepts, in bytes; at least 8192.
    public var maxFrame = 16 << 20 {
        didSet { maxFrame = min(max(maxFrame, 8192), Int(Int32.max)) }
    }
    /// How many bytes of a streamed response the service may send ahead of the program; at least 1.
    public var streamWindow = 256 << 10 {
        didSet { streamWindow = min(max(streamWindow, 1), Int(Int32.max)) }
    }
    /// How many bytes may wait for the socket. Calls beyond this limit suspend their tasks.
    public var maxOutgoingBytes = 1 << 20

    /// Creates the default options.
    public init() {}
}

/// Which of several endpoints a client sends a call to.
///
/// In either case the endpoint must be connected and have the method. One that has just refused a call, or has not answered
/// for long, gets calls only if there is no other.
public enum LoadBalancing: Sendable, Hashable {
    /// The one with the fewest calls of this client in flight. The client connects to all endpoints.
    case leastRequests
    /// The first one, in the order of the list. So put the near one first. The client connects to a later one only while
    /// the earlier ones cannot be reached, and returns to an earlier one as soon as it can.
    case priority
}

/// The deadline and the retry policy of one call.
public struct CallPolicy: Sendable {
    /// The deadline, from now on. `nil`: ``ClientOptions/deadline``.
    ///
    /// It is sent to the service, which stops the work when it passes. The client enforces it as well.
    public var deadline: Duration?
    /// Whether the call is sent again if it may have been carried out.
    public var retry: Retry

    /// Creates a policy.
    public init(deadline: Duration? = nil, retry: Retry = .automatic) {
        self.deadline = deadline
        self.retry = retry
    }
}

/// Whether a call is sent again if the service may have carried it out.
///
/// That is unknown if the connection was lost before the response, and after the response OUTCOME_UNKNOWN. A request
/// that was not sent completely, or was answered with UNAVAILABLE or RESOURCE_EXHAUSTED, was not carried out. It is
/// sent again with any policy. A client of several endpoints sends it to another one first. The client sends a call at most ``ClientOptions/maxAttempts`` times.
public enum Retry: Sendable, Hashable {
    /// If the method is idempotent: the service's method table says so, or the client knows it.
    case automatic
    /// Always. The caller knows that carrying out the call twice does no harm.
    case idempotent
    /// Never. The error then has ``ClientError/mayHaveRun``.
    case never
}

internal import ArticleProtocol

/// The limits of a service. All are configurable; the defaults suit a machine that has other things to do.
public struct ServiceLimits: Sendable, Equatable {
    /// Open connections.
    public var maxConnections = 4096
    /// Bytes of a frame's payload.
    public var maxFrame = Limits.maxFrame
    /// Requests in flight on one connection.
    public var maxInFlight = 1024
    /// Requests in flight on all connections together.
    public var maxInFlightTotal = 65536
    /// Bytes that wait in one connection for its peer to read, before its streams have to wait. One more message fits.
    public var maxBuffered = 256 << 10
    /// Bytes buffered for all connections together.
    public var maxBufferedTotal = 512 << 20
    /// Credit of a request stream at its start, bytes.
    public var streamWindow = Limits.streamWindow
    /// How long a new connection may take for its HELLO.
    public var helloTimeoutMilliseconds = 10_000
    /// How long a connection may have nothing in flight; 0: for ever.
    public var idleTimeoutMilliseconds = 0
    /// How long a peer may not go on with a frame that it has begun, or not read its answers; 0: for ever.
    public var stallTimeoutMilliseconds = 30_000
    /// For a request that names no deadline.
    public var defaultDeadlineMilliseconds = 60_000
    /// A request's deadline is lowered to this.
    public var maxDeadlineMilliseconds = 600_000
    /// How long requests in flight may go on after the signal to stop.
    public var drainTimeoutMilliseconds = 30_000

    /// The defaults.
    public init() {}

    /// `drainTimeoutMilliseconds` in nanoseconds.
    public var drainTimeoutNanoseconds: UInt64 { UInt64(clamping: drainTimeoutMilliseconds) &* 1_000_000 }
    var helloTimeoutNanoseconds: UInt64 { UInt64(clamping: helloTimeoutMilliseconds) &* 1_000_000 }
    var idleTimeoutNanoseconds: UInt64 { UInt64(clamping: idleTimeoutMilliseconds) &* 1_000_000 }
    var stallTimeoutNanoseconds: UInt64 { UInt64(clamping: stallTimeoutMilliseconds) &* 1_000_000 }
    var defaultDeadlineNanoseconds: UInt64 { UInt64(clamping: defaultDeadlineMilliseconds) &* 1_000_000 }
    var maxDeadlineNanoseconds: UInt64 { UInt64(clamping: maxDeadlineMilliseconds) &* 1_000_000 }
}

extension ServiceLimits {
    private static let hour = 3_600_000
    /// The most that may be configured of what clients are told.
    static let largestFrame = 256 << 20
    static let largestWindow = 1 << 30
    static let mostInFlight = 65536

    /// The section `limits`.
    init(_ section: ConfigurationSection) {
        self.init()
        func set(_ member: WritableKeyPath<ServiceLimits, Int>, _ value: Int?) {
            if let value { self[keyPath: member] = value }
        }
        set(\.maxConnections, section.integer("connections", in: 1...1_000_000))
        set(\.maxFrame, section.bytes("frame", in: Limits.smallestMaxFrame...Self.largestFrame))
        set(\.maxInFlight, section.integer("inFlightPerConnection", in: 1...Self.mostInFlight))
        set(\.maxInFlightTotal, section.integer("inFlight", in: 1...16_777_216))
        set(\.maxBuffered, section.bytes("bufferedPerConnection", in: (64 << 10)...(1 << 30)))
        set(\.maxBufferedTotal, section.bytes("buffered", in: (1 << 20)...(1 << 40)))
        set(\.streamWindow, section.bytes("streamWindow", in: (4 << 10)...Self.largestWindow))
        set(\.helloTimeoutMilliseconds, section.milliseconds("helloTimeout", in: 100...Self.hour))
        set(\.idleTimeoutMilliseconds, section.milliseconds("idleTimeout", in: 0...(24 * 7 * Self.hour)))
        set(\.stallTimeoutMilliseconds, section.milliseconds("stallTimeout", in: 0...(24 * Self.hour)))
        set(\.defaultDeadlineMilliseconds, section.milliseconds("defaultDeadline", in: 1...(24 * Self.hour)))
        set(\.maxDeadlineMilliseconds, section.milliseconds("maxDeadline", in: 1...(24 * Self.hour)))
        set(\.drainTimeoutMilliseconds, section.milliseconds("drainTimeout", in: 0...Self.hour))
        if defaultDeadlineMilliseconds > maxDeadlineMilliseconds {
            section.problem("defaultDeadline", "longer than maxDeadline")
        }
        if maxInFlight > maxInFlightTotal {
            section.problem("inFlightPerConnection", "more than inFlight, which is for all")
        }
        if maxBuffered > maxBufferedTotal {
            section.problem("bufferedPerConnection", "more than buffered, which is for all")
        }
        section.finish()
    }
}

extension ServiceLimits {
    /// The keys of the section `limits`, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey(
            path: "limits.connections", form: .number, isLive: true,
            meaning: "Open connections.",
            text: { "\($0.limits.maxConnections)" }),
        ConfigurationKey(
            path: "limits.inFlightPerConnection", form: .number, isLive: true,
            meaning: "Requests at once on one connection; holds for connections that are made later.",
            text: { "\($0.limits.maxInFlight)" }),
        ConfigurationKey(
            path: "limits.inFlight", form: .number, isLive: true,
            meaning: "Requests at once on all connections together.",
            text: { "\($0.limits.maxInFlightTotal)" }),
        ConfigurationKey(
            path: "limits.frame", form: .size, isLive: true,
            meaning: "The largest message; holds for connections that are made later.",
            text: { ConfigurationText.size($0.limits.maxFrame) }),
        ConfigurationKey(
            path: "limits.streamWindow", form: .size, isLive: true,
            meaning: "What a client may send ahead of a stream of requests; holds for connections that are made later.",
            text: { ConfigurationText.size($0.limits.streamWindow) }),
        ConfigurationKey(
            path: "limits.bufferedPerConnection", form: .size, isLive: true,
            meaning: "Unread answers of one connection before its streams have to wait.",
            text: { ConfigurationText.size($0.limits.maxBuffered) }),
        ConfigurationKey(
            path: "limits.buffered", form: .size, isLive: true,
            meaning: "What all connections together may buffer.",
            text: { ConfigurationText.size($0.limits.maxBufferedTotal) }),
        ConfigurationKey(
            path: "limits.helloTimeout", form: .time, isLive: true,
            meaning: "How long a new connection may take for its HELLO.",
            text: { ConfigurationText.time($0.limits.helloTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.idleTimeout", form: .time, isLive: true,
            meaning: "How long a connection may have nothing in flight; 0: for ever.",
            text: { ConfigurationText.time($0.limits.idleTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.stallTimeout", form: .time, isLive: true,
            meaning:
                "How long a peer may not go on with a frame that it has begun, or not read its answers; 0: for ever.",
            text: { ConfigurationText.time($0.limits.stallTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.defaultDeadline", form: .time, isLive: true,
            meaning: "For a request that names no deadline.",
            text: { ConfigurationText.time($0.limits.defaultDeadlineMilliseconds) }),
        ConfigurationKey(
            path: "limits.maxDeadline", form: .time, isLive: true,
            meaning: "A longer deadline is lowered to this.",
            text: { ConfigurationText.time($0.limits.maxDeadlineMilliseconds) }),
        ConfigurationKey(
            path: "limits.drainTimeout", form: .time, isLive: true,
            meaning: "How long what is in flight may go on when the service is stopped.",
            text: { ConfigurationText.time($0.limits.drainTimeoutMilliseconds) }),
    ]
}

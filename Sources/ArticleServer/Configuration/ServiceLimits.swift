// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The limits of a service. All are configurable; the defaults suit a machine that has other work as well.
public struct ServiceLimits: Sendable, Equatable {
    /// Open connections.
    public var maxConnections = 4096
    /// Bytes of a frame's payload.
    public var maxFrame = Limits.maxFrame
    /// Requests in flight on one connection.
    public var maxInFlight = 1024
    /// Requests in flight on all connections together.
    public var maxInFlightTotal = 65536
    /// Unread bytes of one connection before its streams have to wait. One more message fits.
    public var maxBuffered = 256 << 10
    /// Bytes buffered for all connections together.
    public var maxBufferedTotal = 512 << 20
    /// Initial credit of a request stream, in bytes.
    public var streamWindow = Limits.streamWindow
    /// TLS handshakes under way.
    public var maxHandshakes = 256
    /// How long a TLS handshake may take.
    public var handshakeTimeoutMilliseconds = 10_000
    /// How long a new connection may take for its HELLO.
    public var helloTimeoutMilliseconds = 10_000
    /// How long a connection may be idle; 0: for ever.
    public var idleTimeoutMilliseconds = 0
    /// How long a peer may pause within a frame, or leave its answers unread; 0: for ever.
    public var stallTimeoutMilliseconds = 30_000
    /// For a request that names no deadline.
    public var defaultDeadlineMilliseconds = 60_000
    /// Longer deadlines are lowered to this.
    public var maxDeadlineMilliseconds = 600_000
    /// How long requests in flight may take after the signal to stop.
    public var drainTimeoutMilliseconds = 30_000

    /// The defaults.
    public init() {}

    /// `drainTimeoutMilliseconds` in nanoseconds.
    public var drainTimeoutNanoseconds: UInt64 { UInt64(clamping: drainTimeoutMilliseconds) &* 1_000_000 }
    var handshakeTimeoutNanoseconds: UInt64 { UInt64(clamping: handshakeTimeoutMilliseconds) &* 1_000_000 }
    var helloTimeoutNanoseconds: UInt64 { UInt64(clamping: helloTimeoutMilliseconds) &* 1_000_000 }
    var idleTimeoutNanoseconds: UInt64 { UInt64(clamping: idleTimeoutMilliseconds) &* 1_000_000 }
    var stallTimeoutNanoseconds: UInt64 { UInt64(clamping: stallTimeoutMilliseconds) &* 1_000_000 }
    var defaultDeadlineNanoseconds: UInt64 { UInt64(clamping: defaultDeadlineMilliseconds) &* 1_000_000 }
    var maxDeadlineNanoseconds: UInt64 { UInt64(clamping: maxDeadlineMilliseconds) &* 1_000_000 }
}

extension ServiceLimits {
    private static let hour = 3_600_000
    /// The highest limits that may be configured.
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
        set(\.maxHandshakes, section.integer("handshakes", in: 1...1_000_000))
        set(\.handshakeTimeoutMilliseconds, section.milliseconds("handshakeTimeout", in: 100...Self.hour))
        set(\.helloTimeoutMilliseconds, section.milliseconds("helloTimeout", in: 100...Self.hour))
        set(\.idleTimeoutMilliseconds, section.milliseconds("idleTimeout", in: 0...(24 * 7 * Self.hour)))
        set(\.stallTimeoutMilliseconds, section.milliseconds("stallTimeout", in: 0...(24 * Self.hour)))
        set(\.defaultDeadlineMilliseconds, section.milliseconds("defaultDeadline", in: 1...(24 * Self.hour)))
        set(\.maxDeadlineMilliseconds, section.milliseconds("maxDeadline", in: 1...(24 * Self.hour)))
        set(\.drainTimeoutMilliseconds, section.milliseconds("drainTimeout", in: 0...Self.hour))
        if defaultDeadlineMilliseconds > maxDeadlineMilliseconds {
            section.problem("defaultDeadline", "must not be longer than maxDeadline")
        }
        if maxInFlight > maxInFlightTotal {
            section.problem("inFlightPerConnection", "must not be more than inFlight, which counts all connections")
        }
        if maxBuffered > maxBufferedTotal {
            section.problem("bufferedPerConnection", "must not be more than buffered, which counts all connections")
        }
        section.finish()
    }
}

extension ServiceLimits {
    /// The keys of the section `limits`, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("limits.connections") { "\($0.limits.maxConnections)" },
        ConfigurationKey("limits.inFlightPerConnection") { "\($0.limits.maxInFlight)" },
        ConfigurationKey("limits.inFlight") { "\($0.limits.maxInFlightTotal)" },
        ConfigurationKey("limits.frame") { ConfigurationText.size($0.limits.maxFrame) },
        ConfigurationKey("limits.streamWindow") { ConfigurationText.size($0.limits.streamWindow) },
        ConfigurationKey("limits.bufferedPerConnection") { ConfigurationText.size($0.limits.maxBuffered) },
        ConfigurationKey("limits.buffered") { ConfigurationText.size($0.limits.maxBufferedTotal) },
        ConfigurationKey("limits.handshakes") { "\($0.limits.maxHandshakes)" },
        ConfigurationKey("limits.handshakeTimeout") {
            ConfigurationText.time($0.limits.handshakeTimeoutMilliseconds)
        },
        ConfigurationKey("limits.helloTimeout") { ConfigurationText.time($0.limits.helloTimeoutMilliseconds) },
        ConfigurationKey("limits.idleTimeout") { ConfigurationText.time($0.limits.idleTimeoutMilliseconds) },
        ConfigurationKey("limits.stallTimeout") { ConfigurationText.time($0.limits.stallTimeoutMilliseconds) },
        ConfigurationKey("limits.defaultDeadline") { ConfigurationText.time($0.limits.defaultDeadlineMilliseconds) },
        ConfigurationKey("limits.maxDeadline") { ConfigurationText.time($0.limits.maxDeadlineMilliseconds) },
        ConfigurationKey("limits.drainTimeout") { ConfigurationText.time($0.limits.drainTimeoutMilliseconds) },
    ]
}

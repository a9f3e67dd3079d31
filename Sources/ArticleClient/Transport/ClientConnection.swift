// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
internal import LinuxRuntime
import Synchronization

/// A connection to the service, open or being opened. Only the I/O thread uses it.
final class ClientConnection {
    enum Phase {
        /// connect(2) is under way.
        case connecting
        /// TLS shakes hands.
        case securing
        /// Bytes flow: first the HELLOs, then everything else, as `state` allows.
        case connected
    }

    /// Identifies the connection to the poller. Unique within one client.
    let token: UInt64
    let upstream: Upstream
    var endpoint: Endpoint { upstream.endpoint }
    let address: SocketAddress
    let socket: Socket
    var phase = Phase.connecting
    var state: ConnectionState
    /// `nil` while it is being read from.
    var input: InputBuffer? = InputBuffer()
    var output = OutputBuffer()
    /// The methods in the service's HELLO, by name.
    var methods: [String: MethodDescription] = [:]
    /// The calls, by stream number - 1.
    var exchanges: [Exchange?] = []
    /// Calls whose streamed request is not complete.
    var senders: [Exchange] = []
    /// One of `senders` may be able to send: credit arrived, the output buffer has room, or a message was submitted.
    var sendersReady = false
    /// Calls with heartbeats.
    var beating: [Exchange] = []
    /// The poller watches for the socket to become writable.
    var awaitsWritable = false
    /// The status of the service's GO_AWAY. It is the likely cause if calls are lost with the connection.
    var goAwayStatus: Status?
    /// How long the service keeps an idle connection, in nanoseconds; 0: forever.
    var idleTimeout: UInt64 = 0
    /// When the handshake must be complete.
    var handshakeDeadline: UInt64
    /// When bytes last arrived, and whether a PING was sent after that.
    var lastReceived: UInt64
    var pingSent = false
    /// The connection is closed. Only its calls are still processed.
    var dropped = false
    /// The service has answered a call on this connection.
    var hasAnswered = false

    init(
        token: UInt64, upstream: Upstream, address: SocketAddress, socket: consuming Socket, options: ClientOptions,
        now: UInt64
    ) {
        self.token = token
        self.upstream = upstream
        self.address = address
        self.socket = socket
        handshakeDeadline = upstream.handshakeDeadline(now)
        lastReceived = now
        state = ConnectionState(maxIncoming: options.maxFrame, window: options.streamWindow)
    }

    /// Appends a frame to the output buffer. The payload is the concatenation of `parts`.
    func put(_ kind: FrameKind, flags: FrameFlags = [], method: UInt16 = 0, stream: UInt32 = 0, _ parts: [UInt8]...) {
        var checksum: UInt32 = 0
        var length = 0
        for part in parts {
            checksum = CRC32C.checksum(part, continuing: checksum)
            length += part.count
        }
        let header = FrameHeader(
            payloadLength: UInt32(clamping: length), kind: kind, flags: flags, method: method, stream: stream,
            checksum: checksum)
        output.append { bytes in
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: FrameHeader.size))
            unsafe bytes.withUnsafeMutableBytes { all in
                guard let base = all.baseAddress else { return }
                unsafe header.encode(to: base + start)  // the room was appended just above
            }
            for part in parts { bytes.append(contentsOf: part) }
        }
    }

    /// Puts the call on a stream.
    func attach(_ exchange: Exchange, on stream: UInt32) {
        let index = Int(stream) - 1
        if index == exchanges.count { exchanges.append(exchange) } else { exchanges[index] = exchange }
        exchange.placement.connection = self
        exchange.placement.stream = stream
        if exchange.shape != .unary { exchange.shared.withLock { $0.upstream = upstream.index } }
    }

    /// The connection was idle for so long that the service may be closing it right now. A new request could be lost.
    func isStale(_ now: UInt64) -> Bool {
        idleTimeout > 0 && state.phase == .open && state.inFlight == 0
            && MonotonicClock.elapsed(from: lastReceived, to: now) > idleTimeout / 4 * 3
    }

    /// No call waits for a response, and everything was sent.
    var isIdle: Bool { (state.inFlight == 0 || exchanges.allSatisfy { $0 == nil }) && output.isEmpty }

    /// The call that uses the stream.
    func exchange(_ stream: UInt32) -> Exchange? {
        stream > 0 && Int(stream) <= exchanges.count ? exchanges[Int(stream) - 1] : nil
    }

    /// Removes the call from the connection.
    func detach(_ stream: UInt32) {
        guard let exchange = exchange(stream) else { return }
        exchanges[Int(stream) - 1] = nil
        exchange.placement.connection = nil
        if exchange.shape.sends { senders.removeAll { $0 === exchange } }
        if exchange.silence != .max { beating.removeAll { $0 === exchange } }
    }
}

import ArticleProtocol

/// One connection, open or being made. The I/O thread's alone.
final class Connection {
    enum Phase {
        /// connect(2) is under way.
        case connecting
        /// Bytes flow: first the hellos, then everything else, as `state` says.
        case connected
    }

    /// Names the connection to the poller; never used twice by one client.
    let token: UInt64
    let socket: Socket
    var phase = Phase.connecting
    var state: ConnectionState
    /// Taken out while it is read from.
    var input: InputBuffer? = InputBuffer()
    var output = OutputBuffer()
    /// By method name, from the service's hello.
    var methods: [String: MethodDescription] = [:]
    /// By stream id - 1.
    var exchanges: [Exchange?] = []
    /// Calls with a streamed request that is not complete.
    var senders: [Exchange] = []
    /// Something may be sent on `senders`: credit came, room was made, or a message was submitted.
    var sendersReady = false
    /// The poller reports when the socket takes bytes again.
    var awaitsWritable = false
    /// The service's words when it said go-away: the likely cause if calls are lost with the connection.
    var farewell: Status?
    /// How long the service keeps a connection without requests, nanoseconds; 0: for ever.
    var idleTimeout: UInt64 = 0
    /// The handshake must be done by then.
    var openBy: UInt64
    /// When bytes last arrived, and whether a PING has been sent since.
    var heardAt: UInt64
    var pinged = false
    /// It has been closed; only its calls are still looked through.
    var dropped = false
    /// An answer came over it: it has been of use.
    var proven = false

    init(token: UInt64, socket: consuming Socket, options: ClientOptions, openBy: UInt64, now: UInt64) {
        self.token = token
        self.socket = socket
        self.openBy = openBy
        heardAt = now
        state = ConnectionState(largestIncoming: options.largestFrame, window: options.streamWindow)
    }

    /// Puts a frame into the outgoing buffer. `parts` are the payload, one behind the other.
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

    func seat(_ exchange: Exchange, on stream: UInt32) {
        let index = Int(stream) - 1
        if index == exchanges.count { exchanges.append(exchange) } else { exchanges[index] = exchange }
        exchange.seat.connection = self
        exchange.seat.stream = stream
    }

    /// Nothing was in flight for so long that the service may be closing it at this moment, and a request be lost.
    func isStale(_ now: UInt64) -> Bool {
        idleTimeout > 0 && state.phase == .open && state.inFlight == 0 && now - heardAt > idleTimeout / 4 * 3
    }

    /// Nobody waits for anything that may still come, and everything was sent.
    var isIdle: Bool { (state.inFlight == 0 || exchanges.allSatisfy { $0 == nil }) && output.isEmpty }

    /// The call that uses the stream.
    func exchange(_ stream: UInt32) -> Exchange? {
        stream > 0 && Int(stream) <= exchanges.count ? exchanges[Int(stream) - 1] : nil
    }

    /// The call leaves the connection.
    func unseat(_ stream: UInt32) {
        guard let exchange = exchange(stream) else { return }
        exchanges[Int(stream) - 1] = nil
        exchange.seat.connection = nil
        if exchange.shape.sends { senders.removeAll { $0 === exchange } }
    }
}

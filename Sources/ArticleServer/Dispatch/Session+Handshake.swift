// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

extension Session {
    /// The versions of PROTOCOL.md that this server speaks.
    static let versions = ProtocolVersion.supported

    /// HELLO: the client offers versions and limits. The server answers with those that apply, and with its methods.
    func greet(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard phase == .greeting else { return violated("HELLO may be sent once only") }
        guard header.flags.isEmpty, header.stream == 0 else { return violated("HELLO has no flags and stream 0") }
        let hello: ClientHello
        do {
            hello = try unsafe ClientHello(decoding: payload)
        } catch {
            return violated("HELLO cannot be read: \(error.message)")
        }
        guard hello.protocolMin <= hello.protocolMax else {
            return violated("HELLO: protocol_min \(hello.protocolMin) is above protocol_max \(hello.protocolMax)")
        }
        let version = min(hello.protocolMax, Self.versions.upperBound)
        guard version >= max(hello.protocolMin, Self.versions.lowerBound) else {
            return goAway(
                .unimplemented,
                "this server speaks protocol \(Self.versions.lowerBound) to \(Self.versions.upperBound), the client "
                    + "\(hello.protocolMin) to \(hello.protocolMax)")
        }
        guard hello.maxFrame >= Limits.smallestMaxFrame else {
            return violated("HELLO: max_frame is \(hello.maxFrame); at least \(Limits.smallestMaxFrame) is needed")
        }
        guard hello.streamWindow > 0, hello.streamWindow <= UInt32(Int32.max) else {
            return violated("HELLO: stream_window is \(hello.streamWindow); 1 to \(Int32.max) are allowed")
        }
        clientMaxFrame = Int(hello.maxFrame)
        clientWindow = Int64(hello.streamWindow)
        establish()
        unsafe connection?.established()
        let configuration = loop.configuration.limits
        emit(
            .hello,
            ServerHello(
                protocolVersion: version, maxFrame: UInt32(clamping: terms.maxFrame),
                streamWindow: UInt32(clamping: terms.streamWindow), features: [],
                agent: "articled/\(loop.context.version)",
                maxInFlight: UInt32(clamping: terms.maxInFlight),
                idleTimeoutMs: UInt32(clamping: configuration.idleTimeoutMilliseconds),
                methods: loop.context.router.descriptions, roles: roles))
    }

    func ping(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        guard header.flags.isEmpty, header.stream == 0 else { return violated("PING has no flags and stream 0") }
        guard payload.count <= Limits.pingPayload else {
            return violated("PING carries \(payload.count) bytes; at most \(Limits.pingPayload) are allowed")
        }
        emit(.pong, unsafe Array(payload))
    }

    /// The server sends PING only behind GO_AWAY.
    func pong(_ header: FrameHeader) {
        guard header.flags.isEmpty, header.stream == 0, Int(header.payloadLength) <= Limits.pingPayload else {
            return violated("PONG has no flags, stream 0 and at most \(Limits.pingPayload) bytes")
        }
        endWaitForPong()
    }
}

/// What the server's HELLO promised the client of this connection. A later reload does not change it.
struct SessionTerms: Equatable {
    /// The most bytes of a frame's payload.
    var maxFrame: Int
    /// The initial credit of a request stream, in bytes.
    var streamWindow: Int
    /// The most requests in flight.
    var maxInFlight: Int

    init(maxFrame: Int, streamWindow: Int, maxInFlight: Int) {
        self.maxFrame = maxFrame
        self.streamWindow = streamWindow
        self.maxInFlight = maxInFlight
    }

    init(_ limits: ServiceLimits) {
        self.init(maxFrame: limits.maxFrame, streamWindow: limits.streamWindow, maxInFlight: limits.maxInFlight)
    }
}

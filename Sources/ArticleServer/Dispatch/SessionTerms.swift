/// What the server's HELLO promised the client of this connection, whatever the configuration says since.
struct SessionTerms: Equatable {
    /// Bytes of a frame's payload.
    var maxFrame: Int
    /// Credit of a request stream at its start, bytes.
    var streamWindow: Int
    /// Requests in flight.
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

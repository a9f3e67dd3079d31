/// One stream of a connection, as the client sees it. Its place in the table is free again once the service has
/// sent the stream's terminal frame, and not before.
struct StreamState {
    enum Phase {
        /// No request uses this id.
        case free
        /// A request is in flight.
        case open
        /// The caller has gone; the terminal frame is still to come.
        case abandoned
    }

    var phase = Phase.free
    /// The answer may have several messages.
    var streamsResponse = false
    /// Our side has more to send.
    var sending = false
    /// Bytes that we may still send. A message may take it below zero once.
    var sendCredit: Int64 = 0
    /// Bytes that the service may still send.
    var receiveCredit: Int64 = 0
}

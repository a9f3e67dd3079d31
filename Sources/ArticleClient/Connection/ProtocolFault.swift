/// The service broke the protocol; the connection cannot go on.
struct ProtocolFault: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
}

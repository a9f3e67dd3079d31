/// What the reader of a call's answer gets next.
enum Delivery: Sendable {
    case message([UInt8])
    case end
    case failure(ClientError)
}

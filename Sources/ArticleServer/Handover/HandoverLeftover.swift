/// A connection that is between two processes: its socket, and what there is to know.
struct HandoverLeftover: Sendable {
    let socket: Int32
    var record: HandoverConnection
}

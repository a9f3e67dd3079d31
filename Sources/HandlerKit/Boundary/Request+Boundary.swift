internal import CPluginABI

extension Request {
    /// What the host tells of a request; `payload` is the request's own.
    @_lifetime(copy payload)
    init(method: Int, _ request: articled_request, payload: RawSpan) {
        self.init(
            method: method, payload: payload, id: unsafe request.id,
            deadline: unsafe request.deadline == .max ? nil : Deadline(nanoseconds: request.deadline),
            peer: unsafe Peer(
                roles: Role(rawValue: request.roles), user: Peer.id(request.peer_uid), group: Peer.id(request.peer_gid),
                process: Peer.id(request.peer_pid)),
            isStreamed: unsafe request.flags & UInt32(ARTICLED_REQUEST_MORE) != 0)
    }
}

extension Peer {
    /// ARTICLED_NO_ID is none.
    fileprivate static func id(_ number: UInt32) -> UInt32? { number == .max ? nil : number }
}

extension Call {
    /// The request, kept.
    init(_ request: borrowing Request, payload: [UInt8], state: CallState) {
        self.init(
            method: request.method, payload: payload, id: request.id, deadline: request.deadline, peer: request.peer,
            state: state)
    }
}

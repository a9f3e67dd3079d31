internal import ArticleProtocol

/// A request that took longer than `slowRequest`, with the time that each stage of it took.
struct SlowRequest {
    let method: String
    let code: StatusCode
    let id: UInt64
    let stream: UInt32
    let peer: Peer
    /// Its frame was read from the socket, with others perhaps: CLOCK_MONOTONIC, nanoseconds, as all that follow.
    let received: UInt64
    /// It was its turn.
    let dispatched: UInt64
    /// The plugin's handler returned without an answer; nil if it answered before it returned.
    let returned: UInt64?
    /// The answer was in the connection's buffer.
    let answered: UInt64

    /// How the answer left.
    enum Written {
        /// In the socket at this time.
        case at(UInt64)
        /// The peer went away before it read it, or would not read.
        case never
    }

    /// "store.put took 1524 ms: 0 ms until its turn, 1 ms in the handler, 1523 ms until the answer, 0 ms until it was sent"
    func text(_ written: Written) -> String {
        var stages = ["\(Self.text(queued)) until its turn", "\(Self.text(handled)) in the handler"]
        if let waited { stages.append("\(Self.text(waited)) until the answer") }
        switch written {
        case .at(let time): stages.append("\(Self.text(time &- answered)) until it was sent")
        case .never: stages.append("never sent, as the client did not read")
        }
        let end = code == .ok ? "" : " and ended with \(code.name)"
        return "\(method) took \(Self.text(answered &- received))\(end): \(stages.joined(separator: ", "))"
    }

    /// For the journal.
    func fields(_ written: Written) -> [String: String] {
        var fields = peer.fields
        fields["ARTICLED_METHOD"] = method
        fields["ARTICLED_STATUS"] = code.name
        fields["REQUEST_ID"] = "\(id)"
        fields["STREAM"] = "\(stream)"
        fields["DURATION_US"] = "\((answered &- received) / 1000)"
        fields["QUEUED_US"] = "\(queued / 1000)"
        fields["HANDLER_US"] = "\(handled / 1000)"
        if let waited { fields["WAITED_US"] = "\(waited / 1000)" }
        if case .at(let time) = written { fields["SENT_US"] = "\((time &- answered) / 1000)" }
        return fields
    }

    private var queued: UInt64 { dispatched &- received }
    private var handled: UInt64 { (returned ?? answered) &- dispatched }
    private var waited: UInt64? { returned.map { answered &- $0 } }

    private static func text(_ nanoseconds: UInt64) -> String { "\(nanoseconds / 1_000_000) ms" }
}

internal import ArticleProtocol

/// What the journal is told of requests and peers: what took long, what failed, who was refused. Each kind has a ration of
/// its own, so that no peer can fill the journal, nor hide one kind behind another.
final class RequestJournal: Sendable {
    private let slow = Ration()
    private let failed = Ration()
    private let denied = Ration()
    private let violations = Ration()
    private let strangers = Ration()
    private let refused = Ration()
    private let crowded = Ration()
    private let stalled = Ration()

    /// A request took longer than `slowRequest`.
    func slow(_ request: SlowRequest, written: SlowRequest.Written) {
        slow.write(.notice) { (request.text(written), request.fields(written)) }
    }

    /// A request failed by a fault of the service, not of its client.
    func failed(_ method: String, _ code: StatusCode, _ message: String, request: UInt64, _ peer: Peer) {
        failed.write(.error) {
            (
                "\(method) failed: \(message)",
                peer.fields.merging(
                    ["ARTICLED_METHOD": method, "ARTICLED_STATUS": code.name, "REQUEST_ID": "\(request)"]
                ) { $1 }
            )
        }
    }

    /// A peer asked for what it lacks the role for.
    func denied(_ method: String, _ role: String, _ peer: Peer) {
        denied.write(.notice) {
            (
                "\(peer) was refused \(method): it lacks the role \"\(role)\"",
                peer.fields.merging(["ARTICLED_METHOD": method, "ARTICLED_STATUS": StatusCode.permissionDenied.name]) {
                    $1
                }
            )
        }
    }

    /// A peer broke the protocol, and its connection was ended.
    func violated(_ what: String, _ peer: Peer) {
        violations.write(.notice) { ("\(peer) broke the protocol, and was disconnected: \(what)", peer.fields) }
    }

    /// A peer connected that may do nothing at all.
    func stranger(_ peer: Peer, on listener: Listener) {
        strangers.write(.notice) {
            ("\(peer) on \(listener) may do nothing: \"access\" of the configuration gives it no role", peer.fields)
        }
    }

    /// There was no place for one more connection.
    func refused(_ refusal: Admission.Refusal, _ peer: Peer, on listener: Listener) {
        refused.write(.warning) {
            (
                refusal.isShare
                    ? "a connection of \(peer) was refused: it has \(refusal.connections), its share of limits.connections"
                    : "a connection on \(listener) was refused: \(refusal.connections) are open, which is "
                        + "limits.connections", peer.fields
            )
        }
    }

    /// A peer asked for more than its share of what all connections have together.
    func crowded(_ what: String, _ peer: Peer, _ account: PeerAccount) {
        crowded.write(.warning) { ("\(peer) was refused \(what): it holds \(account.holdings)", peer.fields) }
    }

    /// A peer kept us waiting for too long, and its connection was ended.
    func stalled(_ what: String, _ peer: Peer) {
        stalled.write(.notice) { ("\(peer) was disconnected: \(what)", peer.fields) }
    }
}

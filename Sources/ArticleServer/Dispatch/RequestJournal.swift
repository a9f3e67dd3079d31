// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Log lines about requests and peers: slow and failed requests, and refused peers. Each kind has its own limit, so
/// that no peer can fill the journal or hide one kind behind another.
final class RequestJournal: Sendable {
    private let slow = LogLimiter()
    private let failed = LogLimiter()
    private let denied = LogLimiter()
    private let violations = LogLimiter()
    private let withoutRole = LogLimiter()
    private let refused = LogLimiter()
    private let overQuota = LogLimiter()
    private let stalled = LogLimiter()
    private let handshakes = LogLimiter()

    /// A request took longer than `slowRequest`.
    func slow(_ request: SlowRequest, written: SlowRequest.Written) {
        slow.write(.notice) { (request.text(written), request.fields(written)) }
    }

    /// A request failed because of the service, not of its client.
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

    /// A peer called a method without its role.
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

    /// A peer violated the protocol, and its connection was closed.
    func violated(_ what: String, _ peer: Peer) {
        violations.write(.notice) { ("\(peer) violated the protocol and was disconnected: \(what)", peer.fields) }
    }

    /// A peer without any role has connected.
    func withoutRole(_ peer: Peer, on listener: Listener) {
        withoutRole.write(.notice) {
            ("\(peer) on \(listener) has no role: \"access\" of the configuration gives it none", peer.fields)
        }
    }

    /// A connection was refused because of a limit.
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

    /// A TLS handshake failed. Networks are full of scanners, so this is no more than information.
    func handshakeFailed(_ outcome: HandshakeOutcome, _ text: String, _ peer: Peer) {
        handshakes.write(.info) {
            (
                "the TLS handshake of \(peer) failed: \(outcome.text)\(text.isEmpty ? "" : " (\(text))")",
                peer.fields.merging(["TLS_FAILURE": outcome.label]) { $1 }
            )
        }
    }

    /// A peer asked for more than its share.
    func overQuota(_ what: String, _ peer: Peer, _ account: PeerAccount) {
        overQuota.write(.warning) { ("\(peer) was refused \(what): it holds \(account.holdings)", peer.fields) }
    }

    /// A peer made no progress, and its connection was closed.
    func stalled(_ what: String, _ peer: Peer) {
        stalled.write(.notice) { ("\(peer) was disconnected: \(what)", peer.fields) }
    }
}

/// A request that took longer than `slowRequest`, with the time of each stage.
struct SlowRequest {
    let method: String
    let code: StatusCode
    let id: UInt64
    let stream: UInt32
    let peer: Peer
    /// When its frame was read from the socket. This and the following are CLOCK_MONOTONIC, in nanoseconds.
    let received: UInt64
    /// When it was given to its plugin.
    let dispatched: UInt64
    /// When the handler returned without an answer; nil if it answered before it returned.
    let returned: UInt64?
    /// When the answer was in the connection's buffer.
    let answered: UInt64

    /// Whether the answer was sent.
    enum Written {
        /// It was written to the socket at this time.
        case at(UInt64)
        /// The peer disconnected or did not read.
        case never
    }

    /// "store.put took 1524 ms: 0 ms until its turn, 1 ms in the handler, 1523 ms until the answer, 0 ms until it was
    /// sent"
    func text(_ written: Written) -> String {
        var stages = ["\(Self.text(queued)) until its turn", "\(Self.text(handled)) in the handler"]
        if let waited { stages.append("\(Self.text(waited)) until the answer") }
        switch written {
        case .at(let time): stages.append("\(Self.text(time &- answered)) until it was sent")
        case .never: stages.append("never sent, because the client did not read")
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

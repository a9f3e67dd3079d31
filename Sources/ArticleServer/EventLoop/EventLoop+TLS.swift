// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import TLSTransport

/// Work for TLS that is spread over several turns, so that no connection waits long for the handshakes of others.
struct TLSWork {
    /// Handshakes go on for at most so many nanoseconds a turn, but one at least. The rest waits for the next turn.
    static let handshakeTime: UInt64 = 1_000_000

    /// Connections whose handshake can go on, in the order of their events.
    var handshakes: [ClientConnection] = []
    /// Connections with bytes that their socket does not report.
    var unread: [ClientConnection] = []

    var isEmpty: Bool { handshakes.isEmpty && unread.isEmpty }
}

extension EventLoop {
    /// Puts TLS on an accepted socket, if its listener has it.
    ///
    /// - Returns: nil if that failed; the socket is closed.
    func secure(_ descriptor: Int32, _ peer: Peer, _ account: PeerAccount, _ context: TLSContext) -> TLSSession? {
        guard account.mayHandshake() else {
            counters.handshakes.add(1, at: HandshakeOutcome.limit.index)
            self.context.journal.handshakeFailed(.limit, "", peer)
            Descriptor.close(descriptor)
            self.context.admission.leave(account)
            return nil
        }
        if let session = TLSSession(context, descriptor: descriptor, scratch: scratch) { return session }
        Log.warning("a connection was closed: there is no memory for its TLS session")
        Descriptor.close(descriptor)
        self.context.admission.leave(account)
        return nil
    }

    /// Continues the connection's handshake in this turn or a later one.
    func handshakeLater(_ connection: ClientConnection) { tlsWork.handshakes.append(connection) }

    /// Serves the connection once more in the next turn.
    func readLater(_ connection: ClientConnection) { tlsWork.unread.append(connection) }

    /// Serves connections that have bytes which their sockets do not report, each once.
    func serveUnread() {
        guard !tlsWork.unread.isEmpty else { return }
        var batch: [ClientConnection] = []
        swap(&batch, &tlsWork.unread)
        for connection in batch { connection.readUnread() }
    }

    /// Continues handshakes, until they have taken their share of the turn.
    func continueHandshakes() {
        guard !tlsWork.handshakes.isEmpty else { return }
        let end = MonotonicClock.now &+ TLSWork.handshakeTime
        var count = 0
        while count < tlsWork.handshakes.count {
            tlsWork.handshakes[count].continueHandshake()
            count += 1
            if MonotonicClock.now >= end { break }
        }
        tlsWork.handshakes.removeFirst(count)
    }
}

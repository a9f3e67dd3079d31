// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import TLSTransport

/// Accepting, registering and closing the connections of a loop.
extension EventLoop {
    func accept(from index: Int) {
        guard case .serving = phase else { return turnAway(from: index) }
        // A few at a time. The others stay ready for the next turn, and other loops may accept them.
        for _ in 0..<8 {
            guard case .serving = phase, let accepted = acceptors[index].accept() else { return }
            let listener = acceptors[index].listener
            let peer = Peer(of: accepted, on: listener, policy: configuration.access)
            guard let account = admit(accepted, peer, on: index) else { continue }
            if listener.isTCP, let settings = configuration.tls {
                guard let tls = secure(accepted, peer, account, settings.context),
                    let connection = take(accepted, peer, account, tls: tls)
                else { continue }
                counters.accepted.add(1, at: index)
                connection.startHandshake()
                continue
            }
            if peer.roles == 0 { context.journal.withoutRole(peer, on: listener) }
            guard let connection = take(accepted, peer, account) else { continue }
            counters.accepted.add(1, at: index)
            connection.start()
        }
    }

    /// Tells peers that connect to a socket of our own that the service is stopping. Nobody will accept them after us.
    private func turnAway(from index: Int) {
        for _ in 0..<8 {
            guard let accepted = acceptors[index].accept() else { return }
            let isTLS = acceptors[index].listener.isTCP && configuration.tls != nil
            Acceptor.refuse(accepted, isTLS ? [] : Self.goAwayFrame)
        }
    }

    private static let goAwayFrame = StandaloneFrame.goAway(.unavailable, "the service is stopping; connect again")

    /// Reserves a place for a connection.
    ///
    /// - Parameter before: bytes that the peer gets before the refusal.
    /// - Returns: nil if there is no place; the peer has been told.
    func admit(_ descriptor: Int32, _ peer: Peer, on index: Int, before: [UInt8] = []) -> PeerAccount? {
        do throws(Admission.Refusal) {
            return try context.admission.enter(peer.identity, isAdministrator: peer.isAdministrator)
        } catch {
            counters.refused.add(1, at: index)
            context.journal.refused(error, peer, on: acceptors[index].listener)
            // A TLS client cannot read a frame before its handshake, which would cost what the limit is to save.
            let isTLS = acceptors[index].listener.isTCP && configuration.tls != nil
            Acceptor.refuse(
                descriptor, isTLS ? [] : before + StandaloneFrame.goAway(.resourceExhausted, error.message))
            return nil
        }
    }

    /// Registers an admitted socket as one of the loop's connections.
    ///
    /// - Returns: nil if that failed; the socket is closed.
    func take(
        _ descriptor: Int32, _ peer: Peer, _ account: PeerAccount, _ outgoing: OutgoingBuffer? = nil,
        tls: TLSSession? = nil
    ) -> ClientConnection? {
        let token = connections.nextToken()
        let connection = ClientConnection(
            descriptor: descriptor, token: token, peer: peer, account: account, loop: self,
            outgoing: outgoing ?? OutgoingBuffer(pool: buffers), tls: tls)
        do {
            try poller.add(descriptor, .readable, token: token)
        } catch {
            Log.warning("a connection was closed: \(error)")
            connections.giveBack(token)
            context.admission.leave(account)
            return nil  // and `connection` closes the descriptor
        }
        connections.insert(connection)
        return connection
    }

    /// Reads for a connection that is served later in this turn.
    func readAhead(_ event: (token: UInt64, readiness: Poller.Readiness), _ slot: Int) {
        guard event.token < Token.acceptors, event.readiness == .readable else { return }
        unsafe connections[event.token]?.readAhead(into: buffers.ahead(slot))
    }

    /// Changes what the poller reports of a connection.
    func watch(_ connection: ClientConnection, for interest: Poller.Readiness) {
        do {
            try poller.modify(connection.descriptor, interest, token: connection.token)
        } catch {
            // Only if the kernel has no memory. Without its events the connection would hang for ever.
            Log.error("a connection was closed: \(error)")
            connection.close(.unavailable)
        }
    }

    /// Removes a closed connection.
    func remove(_ connection: ClientConnection) {
        guard connections.remove(connection) else { return }
        poller.remove(connection.descriptor)
        context.admission.leave(connection.account)
    }

    // MARK: Listening

    func startAccepting() throws(SystemError) {
        for index in acceptors.indices { try listen(at: index) }
    }

    private func listen(at index: Int) throws(SystemError) {
        try poller.add(
            acceptors[index].listener.descriptor, [.readable, .exclusive], token: Token.acceptors + UInt64(index))
    }

    /// Listens again to refuse connections, on the sockets that the service manager does not keep: nobody would answer
    /// there.
    func refuseNewConnections() {
        for index in acceptors.indices where !acceptors[index].listener.isInherited {
            // If the kernel has no memory for it, they are refused when the process ends.
            try? listen(at: index)
        }
    }

    func stopAccepting() {
        for acceptor in acceptors { poller.remove(acceptor.listener.descriptor) }
    }

    /// Stops accepting, sends GO_AWAY to all clients, and stops when they have gone, or at `deadline`. The loop's
    /// thread.
    func drain(until deadline: UInt64) {
        guard case .serving = phase else { return }
        phase = .draining(until: deadline)
        stopAccepting()
        refuseNewConnections()
        for case let connection? in connections.slots { connection.drain() }
    }
}

/// The open connections of one loop. A token identifies a connection to the poller. It contains the slot, and a number
/// that distinguishes the connection from earlier ones in the same slot.
struct ConnectionTable {
    private(set) var slots: [ClientConnection?] = []
    private var vacant: [Int] = []
    private(set) var count = 0
    private var generation: UInt64 = 0

    /// The connection that an event is for; nil if it was closed earlier in this turn.
    @inline(__always)
    subscript(token: UInt64) -> ClientConnection? {
        let slot = Self.slot(of: token)
        guard slot < slots.count, let connection = slots[slot], connection.token == token else { return nil }
        return connection
    }

    /// Reserves a slot for a connection. `insert` or `giveBack` must follow.
    mutating func nextToken() -> UInt64 {
        let slot = vacant.popLast() ?? slots.count
        if slot == slots.count { slots.append(nil) }
        generation = (generation + 1) & 0x3fff_ffff
        return generation << 32 | UInt64(slot)
    }

    mutating func giveBack(_ token: UInt64) { vacant.append(Self.slot(of: token)) }

    mutating func insert(_ connection: ClientConnection) {
        slots[Self.slot(of: connection.token)] = connection
        count += 1
    }

    /// - Returns: false if the connection is not in the table.
    mutating func remove(_ connection: ClientConnection) -> Bool {
        let slot = Self.slot(of: connection.token)
        guard slot < slots.count, slots[slot] === connection else { return false }
        slots[slot] = nil
        vacant.append(slot)
        count -= 1
        return true
    }

    @inline(__always)
    private static func slot(of token: UInt64) -> Int { Int(token & 0xffff_ffff) }
}

internal import ArticleProtocol
internal import LinuxRuntime

/// How connections come to a loop, and leave it.
extension EventLoop {
    func accept(from index: Int) {
        guard case .serving = phase else { return turnAway(from: index) }
        // A few at a time: the others that wait are as ready in the next turn, and other loops may take them.
        for _ in 0..<8 {
            guard case .serving = phase, let accepted = acceptors[index].accept() else { return }
            let listener = acceptors[index].listener
            let peer = Peer(of: accepted, on: listener, policy: configuration.access)
            guard let account = admit(accepted, peer, on: index) else { continue }
            if peer.roles == 0 { context.journal.stranger(peer, on: listener) }
            guard let connection = take(accepted, peer, account) else { continue }
            counters.accepted.add(1, at: index)
            connection.start()
        }
    }

    /// Tells peers that connect to a socket of our own that the service ends: nobody will accept them after us.
    private func turnAway(from index: Int) {
        for _ in 0..<8 {
            guard let accepted = acceptors[index].accept() else { return }
            Acceptor.refuse(accepted, Self.farewell)
        }
    }

    private static let farewell = WholeFrame.goAway(.unavailable, "the service is stopping; connect again")

    /// Takes a place for a connection. nil: there is none, and the peer was told so, behind `before`.
    func admit(_ descriptor: Int32, _ peer: Peer, on index: Int, before: [UInt8] = []) -> PeerAccount? {
        do throws(Admission.Refusal) {
            return try context.admission.enter(peer.identity, isAdministrator: peer.isAdministrator)
        } catch {
            counters.refused.add(1, at: index)
            context.journal.refused(error, peer, on: acceptors[index].listener)
            Acceptor.refuse(descriptor, before + WholeFrame.goAway(.resourceExhausted, error.message))
            return nil
        }
    }

    /// Makes a socket, for which there is a place, one of the loop's connections. nil: it was given up.
    func take(
        _ descriptor: Int32, _ peer: Peer, _ account: PeerAccount, _ outgoing: OutgoingBuffer? = nil
    ) -> Connection? {
        let token = connections.nextToken()
        let connection = Connection(
            descriptor: descriptor, token: token, peer: peer, account: account, loop: self,
            outgoing: outgoing ?? OutgoingBuffer(pool: buffers))
        do {
            try poller.add(descriptor, .readable, token: token)
        } catch {
            Log.warning("a connection was given up: \(error)")
            connections.giveBack(token)
            context.admission.leave(account)
            return nil  // with it goes the descriptor
        }
        connections.insert(connection)
        return connection
    }

    /// Reads for a connection that will be served in a moment.
    func readAhead(_ event: (token: UInt64, readiness: Poller.Readiness), _ slot: Int) {
        guard event.token < Token.acceptors, event.readiness == .readable else { return }
        unsafe connections[event.token]?.readAhead(into: buffers.ahead(slot))
    }

    func watch(_ connection: Connection, for interest: Poller.Readiness) {
        do {
            try poller.modify(connection.descriptor, interest, token: connection.token)
        } catch {
            // Only for want of kernel memory: without its events the connection would hang for ever.
            Log.error("a connection was given up: \(error)")
            connection.close(.unavailable)
        }
    }

    /// The connection is closed: forgets it.
    func remove(_ connection: Connection) {
        guard connections.remove(connection) else { return }
        poller.remove(connection.descriptor)
        context.admission.leave(connection.account)
    }

    // MARK: Listening

    func acceptAgain() throws(SystemError) {
        for index in acceptors.indices { try listen(at: index) }
    }

    private func listen(at index: Int) throws(SystemError) {
        try poller.add(
            acceptors[index].listener.descriptor, [.readable, .exclusive], token: Token.acceptors + UInt64(index))
    }

    /// Who connects to a socket that is not the service manager's would wait for nobody.
    func turnAwayFromNowOn() {
        for index in acceptors.indices where !acceptors[index].listener.isInherited {
            // Without kernel memory for it they are refused when the process ends.
            try? listen(at: index)
        }
    }

    func acceptNoMore() {
        for acceptor in acceptors { poller.remove(acceptor.listener.descriptor) }
    }

    /// Accepts no more, tells the clients to go, and stops when they are gone, or at `deadline`. The loop's thread.
    func drain(until deadline: UInt64) {
        guard case .serving = phase else { return }
        phase = .draining(until: deadline)
        acceptNoMore()
        turnAwayFromNowOn()
        for case let connection? in connections.slots { connection.drain() }
    }
}

/// The open connections of one loop. A token names a connection to the poller: its slot, and a number that tells it from
/// earlier connections in the same slot.
struct ConnectionTable {
    private(set) var slots: [Connection?] = []
    private var vacant: [Int] = []
    private(set) var count = 0
    private var generation: UInt64 = 0

    /// The connection that an event is for; nil for one that was closed in this very turn.
    @inline(__always)
    subscript(token: UInt64) -> Connection? {
        let slot = Self.slot(of: token)
        guard slot < slots.count, let connection = slots[slot], connection.token == token else { return nil }
        return connection
    }

    /// Takes a slot for a connection. `insert` or `giveBack` must follow.
    mutating func nextToken() -> UInt64 {
        let slot = vacant.popLast() ?? slots.count
        if slot == slots.count { slots.append(nil) }
        generation = (generation + 1) & 0x3fff_ffff
        return generation << 32 | UInt64(slot)
    }

    mutating func giveBack(_ token: UInt64) { vacant.append(Self.slot(of: token)) }

    mutating func insert(_ connection: Connection) {
        slots[Self.slot(of: connection.token)] = connection
        count += 1
    }

    /// - Returns: false if the connection is not in the table.
    mutating func remove(_ connection: Connection) -> Bool {
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

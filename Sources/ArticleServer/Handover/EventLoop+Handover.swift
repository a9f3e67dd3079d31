internal import ArticleProtocol
internal import CSystemd
internal import Glibc
internal import LinuxRuntime

extension EventLoop {
    /// Whether no request of the loop began before that time and is the plugin's affair alone. The loop's thread.
    func hasNothingSlow(since time: UInt64) -> Bool { !connections.slots.contains { $0?.isSlow(since: time) ?? false } }

    /// Accepts and reads no more, until `endRest` or `handOver`, and tells turn by turn whether all is answered. The loop's
    /// thread.
    func rest(_ roll: RollCall) {
        guard case .serving = phase else { return }
        phase = .resting(roll)
        acceptNoMore()
        for case let connection? in connections.slots { connection.rest() }
    }

    /// Serves on. The loop's thread.
    func endRest() {
        guard case .resting = phase else { return }
        phase = .serving
        do {
            try acceptAgain()
        } catch {
            // Only for want of kernel memory. Whoever connects waits for the next process, which is on its way.
            Log.error("no connections are accepted any more: \(error)")
        }
        for case let connection? in connections.slots { connection.endRest() }
    }

    /// Accepts and reads no more, and stops when all is answered, or at `deadline`; then `leftovers` has the connections
    /// that another process can go on with. The loop's thread.
    ///
    /// - Parameter streamsDeadline: until then those are waited for, too, that are told to go away.
    func handOver(until deadline: UInt64, streamsUntil streamsDeadline: UInt64) {
        switch phase {
        case .serving: acceptNoMore()
        case .resting: break
        case .draining, .handingOver, .stopped: return
        }
        turnAwayFromNowOn()
        phase = .handingOver(until: deadline, streamsUntil: min(deadline, streamsDeadline))
        for case let connection? in connections.slots { connection.pause() }
    }

    /// Whether nothing more is to be waited for.
    func isAtRest(until deadline: UInt64, _ streamsDeadline: UInt64) -> Bool {
        for case let connection? in connections.slots { connection.endVainPause(isLate: now >= deadline) }
        if now >= deadline { return true }
        let waitsForAll = now < streamsDeadline
        for case let connection? in connections.slots where connection.isPaused || waitsForAll {
            guard connection.isAtRest else { return false }
        }
        return true
    }

    func finishHandover() {
        for case let connection? in connections.slots where connection.isAtRest {
            leftovers.append(HandoverLeftover(socket: connection.descriptor, record: connection.release()))
        }
        phase = .stopped
    }

    /// Goes on with a connection of a former process. The loop's thread.
    func adopt(_ leftover: HandoverLeftover, _ methods: ClientMethods?) {
        let socket = leftover.socket
        guard let index = origin(of: socket) else {
            return Acceptor.refuse(socket, leftover.record.outgoing + Self.farewell)
        }
        // Who the peer is, and what it may do, is asked anew: the configuration may be another.
        let peer = Peer(of: socket, on: acceptors[index].listener, policy: configuration.access)
        guard let account = admit(socket, peer, on: index, before: leftover.record.outgoing),
            let connection = take(socket, peer, account)
        else { return }
        counters.accepted.add(1, at: index)
        connection.resume(leftover.record, methods)
    }

    /// Which listening socket the connection came from; nil if it is none of today's, or no connection at all.
    private func origin(of socket: Int32) -> Int? {
        guard sd_is_socket(socket, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 0) > 0,
            let address = SocketAddress.local(of: socket)
        else { return nil }
        let flags = fcntl(socket, F_GETFL)
        guard flags >= 0, fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 else { return nil }
        return acceptors.firstIndex { $0.listener.accepts(at: address) }
    }

    /// What clients are told whose socket is no more listened on: a whole frame.
    private static let farewell = WholeFrame.goAway(
        .unavailable, "the service does not listen here any more; connect where it does")
}

extension Listener {
    /// Whether a connection with this address of ours can have come from this socket.
    func accepts(at address: ListenAddress) -> Bool {
        switch (SocketAddress.local(of: descriptor), address) {
        case (let own?, _) where own == address: true
        case (.ipv4(let own, let port)?, .ipv4(_, let other)): port == other && own.allSatisfy { $0 == 0 }
        case (.ipv6(let own, let port)?, .ipv6(_, let other)): port == other && own.allSatisfy { $0 == 0 }
        default: false
        }
    }
}

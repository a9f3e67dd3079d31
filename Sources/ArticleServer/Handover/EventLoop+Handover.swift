// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CSystemd
internal import Glibc
internal import LinuxRuntime

extension EventLoop {
    /// Whether no request of the loop is slow, as `ClientConnection.isSlow` says. The loop's thread.
    func hasNothingSlow(since time: UInt64) -> Bool { !connections.slots.contains { $0?.isSlow(since: time) ?? false } }

    /// Stops accepting and reading until `endRest` or `handOver`. Answers the roll call after each turn. The loop's
    /// thread.
    func rest(_ roll: RollCall) {
        guard case .serving = phase else { return }
        phase = .resting(roll)
        stopAccepting()
        for case let connection? in connections.slots { connection.rest() }
    }

    /// Serves again. The loop's thread.
    func endRest() {
        guard case .resting = phase else { return }
        phase = .serving
        do {
            try startAccepting()
        } catch {
            // Only if the kernel has no memory. New clients wait for the next process.
            Log.error("no connections are accepted any more: \(error)")
        }
        for case let connection? in connections.slots { connection.endRest() }
    }

    /// Stops accepting and reading, and stops when all requests are answered, or at `deadline`. Then `inTransit` has
    /// the connections that another process can take over. The loop's thread.
    ///
    /// - Parameter streamsDeadline: until then the loop also waits for connections that were told to go away.
    func handOver(until deadline: UInt64, streamsUntil streamsDeadline: UInt64) {
        switch phase {
        case .serving: stopAccepting()
        case .resting: break
        case .draining, .handingOver, .stopped: return
        }
        refuseNewConnections()
        phase = .handingOver(until: deadline, streamsUntil: min(deadline, streamsDeadline))
        for case let connection? in connections.slots { connection.pause() }
    }

    /// Whether there is nothing left to wait for.
    func isAtRest(until deadline: UInt64, _ streamsDeadline: UInt64) -> Bool {
        for case let connection? in connections.slots { connection.abandonPause(isLate: now >= deadline) }
        if now >= deadline { return true }
        let waitsForAll = now < streamsDeadline
        for case let connection? in connections.slots {
            if connection.isPaused || waitsForAll {
                guard connection.isAtRest else { return false }
            } else if connection.endsHere {
                return false
            }
        }
        return true
    }

    func finishHandover() {
        for case let connection? in connections.slots where connection.isAtRest {
            inTransit.append(ConnectionInTransit(socket: connection.descriptor, record: connection.release()))
        }
        phase = .stopped
    }

    /// Takes over a connection of a previous process. The loop's thread.
    func takeOver(_ transit: ConnectionInTransit, _ methods: ClientMethods?) {
        let socket = transit.socket
        guard let index = origin(of: socket) else {
            return Acceptor.refuse(socket, transit.record.outgoing + Self.goAwayFrame)
        }
        if acceptors[index].listener.isTCP, configuration.tls != nil {
            return Acceptor.refuse(socket, transit.record.outgoing + Self.tlsFrame)
        }
        // The peer and its roles are determined again: the configuration may have changed.
        let peer = Peer(of: socket, on: acceptors[index].listener, policy: configuration.access)
        guard let account = admit(socket, peer, on: index, before: transit.record.outgoing),
            let connection = take(socket, peer, account)
        else { return }
        counters.accepted.add(1, at: index)
        connection.resume(transit.record, methods)
    }

    /// The listening socket that the connection came from; nil if it is not among the current ones, or no connection.
    private func origin(of socket: Int32) -> Int? {
        guard sd_is_socket(socket, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 0) > 0,
            let address = SocketAddress.local(of: socket)
        else { return nil }
        let flags = fcntl(socket, F_GETFL)
        guard flags >= 0, fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 else { return nil }
        return acceptors.firstIndex { $0.listener.accepts(at: address) }
    }

    /// The frame for clients that were connected without TLS, when there was none.
    private static let tlsFrame = StandaloneFrame.goAway(.unavailable, "the service now speaks TLS here")

    /// The frame for clients of an address that the service no longer listens on.
    private static let goAwayFrame = StandaloneFrame.goAway(
        .unavailable, "the service no longer listens here; connect where it does")
}

extension Listener {
    /// Whether a connection with this local address can have come from this socket.
    func accepts(at address: ListenAddress) -> Bool {
        switch (SocketAddress.local(of: descriptor), address) {
        case (let own?, _) where own == address: true
        case (.ipv4(let own, let port)?, .ipv4(_, let other)): port == other && own.allSatisfy { $0 == 0 }
        case (.ipv6(let own, let port)?, .ipv6(_, let other)): port == other && own.allSatisfy { $0 == 0 }
        default: false
        }
    }
}

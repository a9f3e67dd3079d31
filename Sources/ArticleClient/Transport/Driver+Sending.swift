import LinuxRuntime

/// What goes to the sockets.
extension Driver {
    /// Places what waits and sends it, until there is nothing left or the sockets are full.
    func flushAll() {
        repeat {
            placeWaiting()
        } while current.map(flush) ?? false
        for connection in leaving { while flush(connection) {} }
        for connection in leaving where connection.state.inFlight == 0 && connection.output.isEmpty { drop(connection) }
    }

    /// True: everything was sent, and there may be room for more.
    private func flush(_ connection: Connection) -> Bool {
        guard connection.phase == .connected, !connection.dropped else { return false }
        sendStreams(connection)
        guard !connection.output.isEmpty else {
            setAwaitsWritable(false, connection)
            return false
        }
        if let error = connection.output.flush(connection.socket) {
            // The service may have said why before it closed: read to the end first.
            while receive(connection) {}
            if !connection.dropped { lose(connection, "the connection broke: \(error.text)") }
            return false
        }
        let full = !connection.output.isEmpty
        setAwaitsWritable(full, connection)
        connection.sendersReady = !full && !connection.senders.isEmpty
        return !full
    }

    private func setAwaitsWritable(_ awaits: Bool, _ connection: Connection) {
        guard connection.awaitsWritable != awaits else { return }
        connection.awaitsWritable = awaits
        try? poller.modify(
            connection.socket.descriptor.number, awaits ? [.readable, .writable] : .readable, token: connection.token)
    }
}

// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime
import TLSTransport

// TLS.
extension Driver {
    /// Does as much of the TLS handshake as the socket allows.
    func secure(_ connection: ClientConnection) {
        guard let tls = connection.socket.tls else { return }
        switch tls.handshake() {
        case .done:
            connection.phase = .connected
            // The service may have sent something with the end of its handshake.
            readLater(connection)
        case .wantsRead: setAwaitsWritable(false, connection)
        case .wantsWrite: setAwaitsWritable(true, connection)
        case .failed:
            let endpoint = connection.endpoint
            let error = tls.failure.map { ClientError.insecure(endpoint, $0) }
            drop(connection)
            addressFailed(connection.upstream, error ?? .connection("cannot connect to \(endpoint): TLS failed"))
        }
    }

    /// Has the connection read in the next turn, if TLS has bytes that the socket does not report.
    func readLater(_ connection: ClientConnection) {
        guard !connection.dropped, connection.socket.tls?.hasUnread ?? false else { return }
        if !unread.contains(where: { $0 === connection }) { unread.append(connection) }
    }

    /// Reads what the sockets do not report.
    func receiveUnread() {
        guard !unread.isEmpty else { return }
        var batch: [ClientConnection] = []
        swap(&batch, &unread)
        for connection in batch { receive(connection) }
    }

    /// Why the connection broke: TLS knows more than the system.
    func reason(_ connection: ClientConnection, code: Int32) -> String {
        if let failure = connection.socket.tls?.failure {
            return ClientError.explanation(of: failure, connection.endpoint)
        }
        return "the connection broke: \(SystemError.text(of: code))"
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime

/// What becomes of the queries of one exchange: the rows of each, or the first error.
typealias Answer = Result<[Rows], DatabaseError>

/// A place for a connection, which may be lost and come again, with what is on its way there. For the I/O thread alone.
final class Link {
    private struct Exchange {
        var rows: [Rows] = []
        var error: DatabaseError?
        /// Nobody waits for it any more.
        let isAbandoned: () -> Bool
        /// The server was told.
        var isCancelled = false
        let done: (Answer) -> Void
    }

    let role: ConnectionRole
    let token: UInt64
    private(set) var connection: Connection?
    private var inFlight: [Exchange] = []
    private var waitsToWrite = false
    /// A query of this connection was cancelled: perhaps another one than was meant.
    private(set) var hasCancelled = false
    /// When the server last gave a sign of life, or got something to do.
    private var lastSign = UInt64(0)
    private let poller: PollerBox
    /// Called when the connection is gone, with the reason. All exchanges were answered.
    var lost: (Link, String) -> Void = { _, _ in }

    init(_ role: ConnectionRole, token: UInt64, _ poller: PollerBox) {
        self.role = role
        self.token = token
        self.poller = poller
    }

    var isConnected: Bool { connection != nil }
    /// Exchanges that were not answered.
    var load: Int { inFlight.count }

    /// Takes over a connection.
    func attach(_ connection: Connection) {
        self.connection = connection
        waitsToWrite = false
        hasCancelled = false
        do throws(SystemError) {
            try poller.poller.add(connection.descriptor, .readable, token: token)
        } catch {
            drop(error.description)
        }
    }

    /// Sends queries, which are one transaction unless they say otherwise. `done` is called later, with their rows.
    func send(
        _ queries: [Query], isAbandoned: @escaping () -> Bool = { false }, _ done: @escaping (Answer) -> Void
    ) {
        guard let connection else { return done(.failure(.disconnected("there is no connection to the database"))) }
        if inFlight.isEmpty { lastSign = MonotonicClock.now }
        inFlight.append(Exchange(isAbandoned: isAbandoned, done: done))
        if !connection.send(queries) { return drop(connection.message) }
        flush()
    }

    /// The descriptor is ready.
    func ready(_ readiness: Poller.Readiness) {
        guard let connection else { return }
        lastSign = MonotonicClock.now
        // Also if it failed: what arrived before that is read, and libpq says why.
        guard connection.receive() else { return readRest(connection) }
        read(connection)
        if self.connection === connection, waitsToWrite { flush() }
    }

    /// The means to cancel what the server is at, if nobody waits for it.
    func abandoned() -> Cancellation? {
        guard let connection, let first = inFlight.first, !first.isCancelled, first.isAbandoned() else { return nil }
        inFlight[0].isCancelled = true
        hasCancelled = true
        return connection.cancellation()
    }

    /// Drops the connection if the server owes an answer, and has been silent since before this time.
    func dropIfSilent(since time: UInt64) {
        if !inFlight.isEmpty, lastSign < time { drop("the server does not answer") }
    }

    private func flush() {
        guard let connection else { return }
        guard let isMore = connection.flush() else { return readRest(connection) }
        guard isMore != waitsToWrite else { return }
        waitsToWrite = isMore
        do throws(SystemError) {
            try poller.poller.modify(
                connection.descriptor, isMore ? [.readable, .writable] : .readable, token: token)
        } catch {
            drop(error.description)
        }
    }

    private func readRest(_ connection: Connection) {
        let message = connection.message
        read(connection)
        if self.connection === connection { drop(message) }
    }

    private func read(_ connection: Connection) {
        var ends = 0
        while self.connection === connection, !inFlight.isEmpty, let part = connection.next() {
            if case .end = part { ends += 1 } else { ends = 0 }
            // Two ends in a row: there is nothing more.
            if ends > 1 { break }
            switch part {
            case .rows(let rows): inFlight[0].rows.append(rows)
            case .error(let error):
                inFlight[0].error = inFlight[0].error ?? error
                // No sync comes behind it.
                if connection.isLost { return drop(error.message) }
            case .skipped, .end: break
            case .sync:
                let ended = inFlight.removeFirst()
                if let error = ended.error {
                    ended.done(.failure(error))
                    // Last, because it answers all others.
                    if error.endsConnection { drop(error.message) }
                } else {
                    ended.done(.success(ended.rows))
                }
            }
        }
        if self.connection === connection, connection.isLost { drop(connection.message) }
    }

    /// Closes the connection, and answers all exchanges.
    func drop(_ reason: String) {
        guard let connection else { return }
        poller.poller.remove(connection.descriptor)
        self.connection = nil
        let lost = inFlight
        inFlight = []
        // The server may have said why before it closed.
        for exchange in lost { exchange.done(.failure(.disconnected(exchange.error?.message ?? reason))) }
        self.lost(self, reason)
    }
}

/// A poller that several objects of one thread share.
///
/// Sendable although a poller is not: it is made on another thread than the one that uses it.
final class PollerBox: @unchecked Sendable {
    let poller: Poller

    init() throws(SystemError) { poller = try Poller(capacity: 64) }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import Synchronization

/// Connections that outlive the process. The service manager keeps them until the next process has started; clients see
/// only a pause. See PROTOCOL.md, "The end".
///
/// `Server.handOver` brings the connections to rest. `Server.pack` packs them into one descriptor, which goes into the
/// service manager's store. The next process inherits the descriptor and gives it to `Server.takeOver`.
public enum Handover {
    /// The descriptor's name in the store and among the inherited descriptors.
    public static let name = "handover"

    /// Whether the service manager can keep a descriptor for us.
    public static var isPossible: Bool { DescriptorStore.capacity > 0 }

    /// Packed connections.
    public struct Outgoing {
        let descriptor: Int32
        let inTransit: [ConnectionInTransit]

        /// Gives them to the service manager. It keeps them if it starts the service again, and closes them if not.
        ///
        /// If it refuses them, their clients are told to connect again.
        public func store() {
            defer { Descriptor.close(descriptor) }
            guard let fault = DescriptorStore.store(descriptor, name: Handover.name) else {
                return Log.notice(
                    "handed \(inTransit.count) connections over to the next process",
                    ["CONNECTIONS": "\(inTransit.count)"])
            }
            Log.warning("the service manager did not take the connections: \(fault); clients are told to connect again")
            for transit in inTransit { transit.dismiss("the service is restarting; connect again") }
        }
    }
}

extension Server {
    /// How long the handover waits for streams that need their clients, in nanoseconds. Clients continue lists and
    /// uploads where they were.
    private static let streamPatience: UInt64 = 2_000_000_000

    /// The handover stops waiting for slow requests when so much of its time is left.
    private static let lastPart: UInt64 = 5_000_000_000

    /// Serves until no slow request is in flight. Then stops accepting and reading, and ends when all requests are
    /// answered. Connections stay open for `pack`.
    ///
    /// A connection with a stream that needs its client cannot come to rest. It gets GO_AWAY, as in `drain`, and two
    /// seconds.
    ///
    /// - Parameters:
    ///   - nanoseconds: the limit. Requests that are still in flight then are cut off. In the last five seconds, or the
    ///     second half of a shorter limit, no new request is served.
    ///   - closing: called when no new request is accepted any more; on any thread.
    public func handOver(within nanoseconds: UInt64, closing: @escaping @Sendable () -> Void) {
        endSpares()
        let end = MonotonicClock.now &+ nanoseconds
        let moment = QuietMoment(loops)
        quietMoment.withLock { $0 = moment }
        let finish: @Sendable () -> Void = { [self] in
            closing()
            let now = MonotonicClock.now
            for loop in loops { loop.inbox.add { loop.handOver(until: end, streamsUntil: now &+ Self.streamPatience) } }
        }
        do {
            try Thread.detach("quiet-moment") {
                moment.wait(until: end &- min(nanoseconds / 2, Self.lastPart))
                finish()
            }
        } catch {
            finish()
        }
    }

    /// Packs the connections that are at rest, after `handOver` and `join`.
    ///
    /// If that fails, their clients are told to connect again.
    public func pack() -> Handover.Outgoing? {
        var inTransit = loops.flatMap(\.inTransit)
        var state = HandoverState()
        state.tables = [MethodTable(context.router.descriptions)]
        var kept: [ConnectionInTransit] = []
        var buffered = 0
        while var transit = inTransit.popLast() {
            let record = transit.record
            guard state.place(&transit.record), kept.count < HandoverState.maxConnections,
                buffered + record.byteCount <= HandoverState.maxBuffered
            else {
                transit.dismiss("the service is restarting; connect again")
                continue
            }
            buffered += record.byteCount
            kept.append(transit)
        }
        guard !kept.isEmpty else { return nil }
        state.connections = kept.map(\.record)
        do {
            let parcel = try HandoverParcel.pack(state, kept.map(\.socket))
            return Handover.Outgoing(descriptor: parcel, inTransit: kept)
        } catch {
            Log.warning("connections cannot be handed over: \(error); clients are told to connect again")
            for transit in kept { transit.dismiss("the service is restarting; connect again") }
            return nil
        }
    }

    /// Takes over the connections of a previous process.
    ///
    /// - Parameter descriptor: what that process has stored. It is closed.
    public func takeOver(_ descriptor: Int32) {
        let (state, sockets) = HandoverParcel.unpack(descriptor)
        Descriptor.close(descriptor)
        switch state {
        case .failure(let error):
            for socket in sockets { Descriptor.close(socket) }
            // An empty parcel was unpacked by a process that ended before it could remove it.
            guard !sockets.isEmpty else { return }
            Log.error(
                "\(sockets.count) connections that were handed over cannot be used: \(error); they are closed, and their "
                    + "clients connect again"
            )
        case .success(let state):
            let methods = state.tables.map { ClientMethods($0, context.router) }
            for (index, (socket, record)) in zip(sockets, state.connections).enumerated() {
                let transit = ConnectionInTransit(socket: socket, record: record)
                let table = record.isEstablished ? methods[Int(record.methods)] : nil
                let loop = loops[index % loops.count]
                loop.inbox.add { loop.takeOver(transit, table) }
            }
            Log.notice(
                "took over \(sockets.count) connection\(sockets.count == 1 ? "" : "s") of the previous process",
                ["CONNECTIONS": "\(sockets.count)"])
        }
    }
}

extension HandoverState {
    /// Finds the connection's method table in the state, or adds it.
    ///
    /// - Returns: false if there are too many tables.
    fileprivate mutating func place(_ record: inout HandoverConnection) -> Bool {
        guard let table = record.table else { return true }
        record.table = nil
        if let index = tables.firstIndex(of: table) {
            record.methods = UInt32(index)
            return true
        }
        guard tables.count < Self.maxTables else { return false }
        record.methods = UInt32(tables.count)
        tables.append(table)
        return true
    }
}

extension ConnectionInTransit {
    /// Tells the client to connect again, and closes the connection.
    func dismiss(_ message: String) {
        Acceptor.refuse(socket, record.outgoing + StandaloneFrame.goAway(.unavailable, message))
    }
}

/// A connection between two processes: its socket and its state.
struct ConnectionInTransit: Sendable {
    let socket: Int32
    var record: HandoverConnection
}

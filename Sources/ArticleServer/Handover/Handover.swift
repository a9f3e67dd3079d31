internal import ArticleProtocol
internal import LinuxRuntime
internal import Synchronization

/// Connections that outlive the process: the service manager keeps them until the next one has started, and clients
/// notice no more than a pause. See PROTOCOL.md, "The end".
///
/// `Server.handOver` brings them to rest, `Server.pack` makes one descriptor of them, which goes into the service
/// manager's store; the next process gets it among its inherited descriptors, and gives it to `Server.adopt`.
public enum Handover {
    /// The descriptor's name, in the store and among those that are inherited.
    public static let name = "handover"

    /// Whether the service manager would keep a descriptor for us.
    public static var isPossible: Bool { DescriptorStore.capacity > 0 }

    /// Connections that are packed.
    public struct Outgoing {
        let descriptor: Int32
        let leftovers: [HandoverLeftover]

        /// Gives them to the service manager, which keeps them if it starts the service again, and else closes them.
        ///
        /// If it does not take them, their clients are told to connect again.
        public func store() {
            defer { Descriptor.close(descriptor) }
            guard let fault = DescriptorStore.store(descriptor, name: Handover.name) else {
                return Log.notice(
                    "left \(leftovers.count) connections to the next process", ["CONNECTIONS": "\(leftovers.count)"])
            }
            Log.warning("the service manager did not take the connections: \(fault); clients are told to connect again")
            for leftover in leftovers { leftover.dismiss("the service is restarting; connect again") }
        }
    }
}

extension Server {
    /// How long streams that need to hear from their clients keep all others waiting, in nanoseconds. Clients go on with
    /// lists and uploads where they were.
    private static let streamPatience: UInt64 = 2_000_000_000

    /// What is left of the time for handing over when slow requests are no longer waited for while others are served.
    private static let lastPart: UInt64 = 5_000_000_000

    /// Serves on until nothing slow is in flight, then accepts and reads no more, and ends when all requests are answered;
    /// connections stay open, for `pack`.
    ///
    /// A connection that cannot come to rest by itself, as a stream of its needs to hear from the client, is told to go
    /// away, as `drain` does, and has two seconds.
    ///
    /// - Parameter nanoseconds: how long that may take; what is in flight then is cut off. For the last five seconds, or
    ///   half of the time if it is shorter, nobody is served any more.
    /// - Parameter closing: called when no new request is taken any more; on any thread.
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

    /// Packs the connections that `handOver` has left, after `join`.
    ///
    /// If that fails, their clients are told to connect again.
    public func pack() -> Handover.Outgoing? {
        var leftovers = loops.flatMap(\.leftovers)
        var state = HandoverState()
        state.tables = [MethodTable(context.router.descriptions)]
        var kept: [HandoverLeftover] = []
        var buffered = 0
        while var leftover = leftovers.popLast() {
            let record = leftover.record
            guard state.place(&leftover.record), kept.count < HandoverState.mostConnections,
                buffered + record.byteCount <= HandoverState.mostBuffered
            else {
                leftover.dismiss("the service is restarting; connect again")
                continue
            }
            buffered += record.byteCount
            kept.append(leftover)
        }
        guard !kept.isEmpty else { return nil }
        state.connections = kept.map(\.record)
        do {
            let parcel = try HandoverParcel.pack(state, kept.map(\.socket))
            return Handover.Outgoing(descriptor: parcel, leftovers: kept)
        } catch {
            Log.warning("connections cannot be handed over: \(error); clients are told to connect again")
            for leftover in kept { leftover.dismiss("the service is restarting; connect again") }
            return nil
        }
    }

    /// Goes on with the connections of a former process.
    ///
    /// - Parameter descriptor: what it has stored; closed.
    public func adopt(_ descriptor: Int32) {
        let (state, sockets) = HandoverParcel.unpack(descriptor)
        Descriptor.close(descriptor)
        switch state {
        case .failure(let error):
            for socket in sockets { Descriptor.close(socket) }
            // An empty one was unpacked already, by a process that ended before it could say so.
            guard !sockets.isEmpty else { return }
            Log.error(
                "the state of \(sockets.count) connections that were handed over cannot be used: \(error); they are closed, and their clients connect again"
            )
        case .success(let state):
            let methods = state.tables.map { ClientMethods($0, context.router) }
            for (index, (socket, record)) in zip(sockets, state.connections).enumerated() {
                let leftover = HandoverLeftover(socket: socket, record: record)
                let table = record.isEstablished ? methods[Int(record.methods)] : nil
                let loop = loops[index % loops.count]
                loop.inbox.add { loop.adopt(leftover, table) }
            }
            Log.notice(
                "goes on with \(sockets.count) connections of the former process",
                ["CONNECTIONS": "\(sockets.count)"])
        }
    }
}

extension HandoverState {
    /// Finds the place of the connection's method table among the state's, or makes one. False: there are too many.
    fileprivate mutating func place(_ record: inout HandoverConnection) -> Bool {
        guard let table = record.table else { return true }
        record.table = nil
        if let index = tables.firstIndex(of: table) {
            record.methods = UInt32(index)
            return true
        }
        guard tables.count < Self.mostTables else { return false }
        record.methods = UInt32(tables.count)
        tables.append(table)
        return true
    }
}

extension HandoverLeftover {
    /// Nobody will go on with it: says so, and closes.
    func dismiss(_ message: String) {
        Acceptor.refuse(socket, record.outgoing + WholeFrame.goAway(.unavailable, message))
    }
}

/// A connection that is between two processes: its socket, and what there is to know.
struct HandoverLeftover: Sendable {
    let socket: Int32
    var record: HandoverConnection
}

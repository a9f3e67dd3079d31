// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Opens connections, on a thread of its own: libpq looks up names and waits for the server there. It tries again as long as
/// it takes.
final class Connector: Sendable {
    /// What is wrong, as far as it is known.
    enum Trouble: Sendable, Equatable {
        case none
        /// No connection was opened yet.
        case starting
        case failing(ServiceError, isPermanent: Bool)
    }

    private struct Order {
        let link: Int
        let role: ConnectionRole
    }

    private struct State {
        var orders: [Order] = []
        var trouble = Trouble.starting
        /// When a failure was last told.
        var toldAt: UInt64?
        var hasBegun = false
        var isStopped = false
    }

    /// While it lasts, a failure is told again after this time, in nanoseconds. Its text changes with the order of the servers.
    private static let reminder: UInt64 = 60_000_000_000
    /// In milliseconds. Another server may be the primary at any moment.
    private static let backoff: (first: UInt64, most: UInt64) = (100, 2000)

    private let options: ConnectionOptions
    private let log: PluginLog
    private let session = UInt32.random(in: 1 ... .max)
    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    private let firstAttempt = Semaphore()

    init(_ options: ConnectionOptions, _ log: PluginLog) {
        self.options = options
        self.log = log
    }

    /// Asks for a connection.
    func order(_ link: Int, _ role: ConnectionRole) {
        state.withLock { state in
            // The schema is made by a writer.
            let place = role == .writer ? 0 : state.orders.count
            state.orders.insert(Order(link: link, role: role), at: place)
        }
        wakeUp.signal()
    }

    var trouble: Trouble { state.withLock { $0.trouble } }

    /// Waits until the first attempt has ended.
    func waitForFirstAttempt(nanoseconds: UInt64) { firstAttempt.wait(nanoseconds: nanoseconds) }

    /// Ends the thread, as soon as libpq returns.
    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.signal()
    }

    /// The thread.
    ///
    /// - Parameter ready: takes over a connection.
    func run(_ ready: (Int, Connection) -> Void) {
        var failures = 0
        /// The server that is tried first: the one that took the last connection. If none has taken one, the next in turn.
        var first = 0
        while true {
            let (order, isStopped, isFirst) = state.withLock { state in
                (state.orders.first, state.isStopped, !state.hasBegun)
            }
            if isStopped { return }
            guard let order else {
                wakeUp.wait()
                continue
            }
            do throws(ConnectionFailure) {
                let connection = try Connection.open(
                    options, order.role, first: first, session: session, isFirst: isFirst)
                let server = connection.server
                first = options.server(server.host, port: server.port) ?? first
                state.withLock { state in
                    if let place = state.orders.firstIndex(where: { $0.link == order.link }) {
                        state.orders.remove(at: place)
                    }
                    if order.role == .writer { state.hasBegun = true }
                }
                note(.none)
                failures = 0
                ready(order.link, connection)
            } catch {
                note(.failing(error.status, isPermanent: error.isPermanent))
                first = (first + 1) % options.serverCount
                pause(failures)
                failures += 1
            }
        }
    }

    private func note(_ trouble: Trouble) {
        let now = MonotonicClock.now
        let isNews = state.withLock { state in
            let told = state.toldAt
            state.trouble = trouble
            state.toldAt = nil
            guard case .failing = trouble else { return told != nil }
            let isNews = told.map { MonotonicClock.elapsed(from: $0, to: now) >= Self.reminder } ?? true
            state.toldAt = isNews ? now : told
            return isNews
        }
        firstAttempt.signal()
        guard isNews else { return }
        if case .failing(let error, _) = trouble {
            log.warning("\(error.message)")
        } else {
            log.notice("the database is reachable again")
        }
    }

    /// Waits longer each time, and not as long as others do.
    private func pause(_ failures: Int) {
        let longest = min(Self.backoff.most, Self.backoff.first << UInt64(min(failures, 10)))
        let end = MonotonicClock.after(nanoseconds: UInt64.random(in: longest / 2...longest) * 1_000_000)
        while MonotonicClock.now < end {
            if state.withLock({ $0.isStopped }) { return }
            wakeUp.wait(nanoseconds: MonotonicClock.remaining(until: end))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Synchronization

/// A limited resource that all connections share: connections, buffered bytes, requests in flight.
///
/// A peer may take more while it holds less than a multiple of what is free. So a single peer gets nearly everything,
/// each gets less when more peers ask, and something is always left for the next one. (These are the dynamic thresholds
/// of switch buffers: Choudhury and Hahne, 1998.)
struct Quota: ~Copyable, Sendable {
    /// The multiple. Ordinary use may continue where bulk use must stop, so that a peer can still send small requests
    /// when its uploads and large answers have used its share.
    enum Use: Int {
        /// A single peer gets 3/4 of the quota.
        case bulk = 3
        /// A single peer gets 7/8 of the quota.
        case ordinary = 7
    }

    /// One part in so many is reserved for administrators.
    private static let reserve = 16

    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = Atomic(limit) }

    var total: Int { limit.load(ordering: .relaxed) }
    var inUse: Int { used.load(ordering: .relaxed) }

    func setLimit(_ limit: Int) { self.limit.store(limit, ordering: .relaxed) }
    func add(_ amount: Int) { used.add(amount, ordering: .relaxed) }

    /// Whether a peer that holds `held` may take more. If others take at the same instant, the quota is exceeded a
    /// little.
    @inline(__always)
    func hasRoom(for use: Use, held: Int, isAdministrator: Bool) -> Bool {
        let limit = total
        let free = (isAdministrator ? limit : limit - limit / Self.reserve) - inUse
        // No overflow: limits are below 2^41, and the use is memory, descriptors or request slots.
        return held < use.rawValue * max(0, free)
    }
}

/// The limits for all connections together, and how much of them is in use.
final class Totals: Sendable {
    let connections: Quota
    /// Bytes.
    let buffered: Quota
    /// Requests whose handler has returned without an answer.
    let requests: Quota
    /// TLS handshakes under way.
    let handshakes: Quota

    init(_ limits: ServiceLimits) {
        connections = Quota(limits.maxConnections)
        buffered = Quota(limits.maxBufferedTotal)
        requests = Quota(limits.maxInFlightTotal)
        handshakes = Quota(limits.maxHandshakes)
    }

    func apply(_ limits: ServiceLimits) {
        connections.setLimit(limits.maxConnections)
        buffered.setLimit(limits.maxBufferedTotal)
        requests.setLimit(limits.maxInFlightTotal)
        handshakes.setLimit(limits.maxHandshakes)
    }
}

/// What one peer holds on all loops. A connection looks it up once and keeps it. Any thread.
final class PeerAccount: Sendable {
    let identity: PeerIdentity
    private let totals: Totals
    fileprivate let connections = Atomic<Int>(0)
    private let buffered = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)
    private let handshakes = Atomic<Int>(0)

    init(_ identity: PeerIdentity, _ totals: Totals) {
        self.identity = identity
        self.totals = totals
    }

    /// Adds to the peer's buffered bytes, or subtracts.
    func buffer(_ change: Int) {
        buffered.add(change, ordering: .relaxed)
        totals.buffered.add(change)
    }

    /// A handler has returned without an answer.
    func requestBegan() {
        requests.add(1, ordering: .relaxed)
        totals.requests.add(1)
    }

    /// A plugin has ended such a request.
    func requestEnded() {
        requests.subtract(1, ordering: .relaxed)
        totals.requests.add(-1)
    }

    /// A TLS handshake began, or ended.
    func handshake(_ change: Int) {
        handshakes.add(change, ordering: .relaxed)
        totals.handshakes.add(change)
    }

    /// Whether the peer may begin one more handshake. Nobody is an administrator before it has ended.
    func mayHandshake() -> Bool {
        totals.handshakes.hasRoom(
            for: .bulk, held: handshakes.load(ordering: .relaxed), isAdministrator: false)
    }

    @inline(__always)
    func mayBuffer(_ use: Quota.Use, isAdministrator: Bool) -> Bool {
        totals.buffered.hasRoom(
            for: use, held: buffered.load(ordering: .relaxed), isAdministrator: isAdministrator)
    }

    @inline(__always)
    func mayBegin(_ use: Quota.Use, isAdministrator: Bool) -> Bool {
        totals.requests.hasRoom(
            for: use, held: requests.load(ordering: .relaxed), isAdministrator: isAdministrator)
    }

    fileprivate func mayConnect(isAdministrator: Bool) -> Bool {
        totals.connections.hasRoom(
            for: .bulk, held: connections.load(ordering: .relaxed), isAdministrator: isAdministrator)
    }

    fileprivate func connect(_ change: Int) {
        connections.add(change, ordering: .relaxed)
        totals.connections.add(change)
    }

    /// Whether the peer holds nothing. An abandoned request counts until its plugin has ended it.
    fileprivate var isIdle: Bool {
        connections.load(ordering: .relaxed) == 0 && requests.load(ordering: .relaxed) == 0
    }

    /// "384 MiB of buffers and 40000 requests in flight on 64 connections"
    var holdings: String {
        "\(buffered.load(ordering: .relaxed) >> 20) MiB of buffers and \(requests.load(ordering: .relaxed)) requests in "
            + "flight on \(connections.load(ordering: .relaxed)) connections"
    }
}

/// Admits connections, and keeps the account of each peer. Any thread.
final class Admission: Sendable {
    let totals: Totals

    private struct State {
        var accounts: [PeerIdentity: PeerAccount] = [:]
        /// At this number the accounts of peers that have gone are removed.
        var sweepAt = Admission.minSweep
    }

    private static let minSweep = 64
    private let state = Mutex(State())

    /// Why a connection is refused.
    struct Refusal: Error {
        /// The peer's share is used up. Otherwise the service is full.
        let isShare: Bool
        let connections: Int

        var message: String {
            isShare
                ? "\(connections) connections of this user or address are open, which is its share; close some, or try "
                    + "again later"
                : "the service is at its limit of \(connections) connections; try again later"
        }
    }

    init(_ limits: ServiceLimits) { totals = Totals(limits) }

    /// Reserves a place for one more connection. `leave` returns it.
    func enter(_ identity: PeerIdentity, isAdministrator: Bool) throws(Refusal) -> PeerAccount {
        let result = state.withLock { state -> Result<PeerAccount, Refusal> in
            let account = state.accounts[identity] ?? PeerAccount(identity, totals)
            guard account.mayConnect(isAdministrator: isAdministrator) else {
                let own = account.connections.load(ordering: .relaxed)
                let isShare = own > 0 && totals.connections.inUse < totals.connections.total
                return .failure(Refusal(isShare: isShare, connections: isShare ? own : totals.connections.total))
            }
            account.connect(1)
            state.accounts[identity] = account
            if state.accounts.count >= state.sweepAt {
                state.accounts = state.accounts.filter { !$0.value.isIdle }
                state.sweepAt = max(Self.minSweep, state.accounts.count * 2)
            }
            return .success(account)
        }
        return try result.get()
    }

    /// A connection is closed.
    func leave(_ account: PeerAccount) {
        state.withLock { state in
            account.connect(-1)
            if account.isIdle { state.accounts[account.identity] = nil }
        }
    }
}

internal import ArticleProtocol
internal import Synchronization

/// Something that all connections share and that can run out: connections, buffered bytes, requests in flight.
///
/// A peer may take more while it holds less than a multiple of what is free. So one peer alone gets nearly everything,
/// each gets less the more peers ask, and there is always something left for the next one. (Dynamic thresholds, as
/// switches use them for their buffers: Choudhury and Hahne, 1998.)
struct Quota: ~Copyable, Sendable {
    /// The multiple. Ordinary use goes on where bulk use has to stop, so that a peer can still ask for little when its
    /// own uploads and large answers have taken its share.
    enum Use: Int {
        /// 3/4 of the quota for one peer alone.
        case bulk = 3
        /// 7/8 of it.
        case ordinary = 7
    }

    /// One part in so many is for administrators alone.
    private static let reserve = 16

    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = Atomic(limit) }

    var total: Int { limit.load(ordering: .relaxed) }
    var inUse: Int { used.load(ordering: .relaxed) }

    func adopt(_ limit: Int) { self.limit.store(limit, ordering: .relaxed) }
    func add(_ amount: Int) { used.add(amount, ordering: .relaxed) }

    /// Whether a peer that holds `held` may take more. Others may take at the same instant: the quota is exceeded by
    /// little then.
    @inline(__always)
    func hasRoom(for use: Use, held: Int, isAdministrator: Bool) -> Bool {
        let limit = total
        let free = (isAdministrator ? limit : limit - limit / Self.reserve) - inUse
        // Neither overflows: limits are below 2^41, and what is in use is memory, descriptors or request slots.
        return held < use.rawValue * max(0, free)
    }
}

/// The limits for all connections together, and what is in use of them.
final class Totals: Sendable {
    let connections: Quota
    /// Bytes.
    let buffered: Quota
    /// Requests that have outlived the call of their handler.
    let requests: Quota

    init(_ limits: ServiceLimits) {
        connections = Quota(limits.maxConnections)
        buffered = Quota(limits.maxBufferedTotal)
        requests = Quota(limits.maxInFlightTotal)
    }

    func adopt(_ limits: ServiceLimits) {
        connections.adopt(limits.maxConnections)
        buffered.adopt(limits.maxBufferedTotal)
        requests.adopt(limits.maxInFlightTotal)
    }
}

/// What one peer holds, on all loops. A connection looks it up once and keeps it. Any thread.
final class PeerAccount: Sendable {
    let identity: PeerIdentity
    private let totals: Totals
    fileprivate let connections = Atomic<Int>(0)
    private let buffered = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)

    init(_ identity: PeerIdentity, _ totals: Totals) {
        self.identity = identity
        self.totals = totals
    }

    /// Buffers of the peer have become larger, or smaller.
    func buffer(_ change: Int) {
        buffered.add(change, ordering: .relaxed)
        totals.buffered.add(change)
    }

    /// A request lives on after the call of its handler.
    func requestBegan() {
        requests.add(1, ordering: .relaxed)
        totals.requests.add(1)
    }

    /// Such a request was ended by its plugin.
    func requestEnded() {
        requests.subtract(1, ordering: .relaxed)
        totals.requests.add(-1)
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

    /// Nothing is left of the peer: an abandoned request counts until its plugin has ended it.
    fileprivate var isIdle: Bool {
        connections.load(ordering: .relaxed) == 0 && requests.load(ordering: .relaxed) == 0
    }

    /// "384 MiB of buffers and 40000 requests in flight on 64 connections"
    var holdings: String {
        "\(buffered.load(ordering: .relaxed) >> 20) MiB of buffers and \(requests.load(ordering: .relaxed)) requests in "
            + "flight on \(connections.load(ordering: .relaxed)) connections"
    }
}

/// Lets connections in, and knows the account of each peer. Any thread.
final class Admission: Sendable {
    let totals: Totals

    private struct State {
        var accounts: [PeerIdentity: PeerAccount] = [:]
        /// When there are so many, those of peers that are gone are dropped.
        var sweepAt = Admission.fewest
    }

    private static let fewest = 64
    private let state = Mutex(State())

    /// Why a connection is not let in.
    struct Refusal: Error {
        /// Otherwise the service itself is full.
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

    /// Takes a place for one more connection. `leave` gives it back.
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
                state.sweepAt = max(Self.fewest, state.accounts.count * 2)
            }
            return .success(account)
        }
        return try result.get()
    }

    /// The connection is gone.
    func leave(_ account: PeerAccount) {
        state.withLock { state in
            account.connect(-1)
            if account.isIdle { state.accounts[account.identity] = nil }
        }
    }
}

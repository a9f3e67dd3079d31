// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Synchronization

/// The counters of all loops.
final class ServiceCounters: Sendable {
    let loops: [LoopCounters]

    init(loops count: Int, methods: Int, listeners: Int) {
        loops = (0..<count).map { _ in LoopCounters(methods: methods, listeners: listeners) }
    }

    func loop(_ index: Int) -> LoopCounters { loops[index] }

    /// Requests that a plugin has and has not ended.
    var inFlight: UInt64 {
        // In this order, so that a request that begins and ends meanwhile counts as open. Another processor may still
        // show the counters the other way round; then there are none.
        let closed = sum { $0.closed.value }
        let opened = sum { $0.opened.value }
        return opened > closed ? opened - closed : 0
    }

    func sum(_ member: (LoopCounters) -> UInt64) -> UInt64 {
        loops.reduce(0) { $0 &+ member($1) }
    }
}

/// A counter that one thread writes and others may read: no lock, no atomic read-modify-write.
struct Counter: ~Copyable {
    private let atomic = Atomic<UInt64>(0)

    var value: UInt64 { atomic.load(ordering: .relaxed) }

    /// Subtracts no more than was added before. The owning thread only.
    @inline(__always)
    func subtract(_ amount: UInt64) {
        atomic.store(atomic.load(ordering: .relaxed) &- amount, ordering: .relaxed)
    }

    /// The owning thread only.
    @inline(__always)
    func add(_ amount: UInt64) {
        atomic.store(atomic.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}

/// The counters of one loop. Its thread writes them; the thread that answers `service.stats` reads them.
@safe final class LoopCounters: Sendable {
    /// Connections, by listener.
    let accepted: CounterRow
    let refused: CounterRow
    /// TLS handshakes, by `HandshakeOutcome`.
    let handshakes = CounterRow(count: HandshakeOutcome.all.count)
    /// Open connections with TLS.
    let tlsConnections = Counter()
    let bytesReceived = Counter()
    let bytesSent = Counter()
    let protocolErrors = Counter()
    /// Requests answered with an error before a plugin saw them.
    let refusedRequests = Counter()
    /// Requests that took longer than `slowRequest`.
    let slow = Counter()
    /// Requests given to a plugin, and requests that their plugin has ended.
    let opened = Counter()
    let closed = Counter()
    /// Those of the latter that answered another plugin's call.
    let callsEnded = Counter()
    /// Requests whose client stopped waiting before the plugin ended them, and how many of them have ended since.
    let abandoned = Counter()
    let abandonedEnded = Counter()

    // Fixed in `init`; its members are atomic.
    nonisolated(unsafe) private let methods: UnsafeMutableBufferPointer<MethodCounters>

    init(methods count: Int, listeners: Int) {
        accepted = CounterRow(count: listeners)
        refused = CounterRow(count: listeners)
        unsafe methods = .allocate(capacity: count)
        for index in 0..<count { unsafe methods.initializeElement(at: index, to: MethodCounters()) }
    }

    deinit { unsafe methods.deinitialize().deallocate() }

    /// A request ended.
    @inline(__always)
    func ended(route: Int, code: StatusCode, nanoseconds: UInt64) {
        guard unsafe route < methods.count else { return }
        unsafe methods[route].ended(code, nanoseconds)
    }

    /// A handler has returned without an answer.
    @inline(__always)
    func enlisted(route: Int) {
        guard unsafe route < methods.count else { return }
        unsafe methods[route].enlisted()
    }

    /// The plugin has ended such a request.
    @inline(__always)
    func delisted(route: Int) {
        guard unsafe route < methods.count else { return }
        unsafe methods[route].delisted()
    }

    func withMethod<Result>(_ route: Int, _ body: (borrowing MethodCounters) -> Result) -> Result {
        body(unsafe methods[route])
    }
}

/// The counters of one method on one loop.
struct MethodCounters: ~Copyable {
    /// The latency histogram's buckets. Bucket n counts requests that took less than 2^n microseconds, the last one the
    /// others.
    static let buckets = 24
    static let bounds: [UInt64] = (0..<buckets - 1).map { 1000 << UInt64($0) }
    /// One counter for each status code, by its number; the highest is 18.
    private static let codes = 19

    private let latency = CounterRow(count: Self.buckets)
    private let statuses = CounterRow(count: Self.codes)
    private let total = Counter()
    private let live = Counter()

    @inline(__always)
    func ended(_ code: StatusCode, _ nanoseconds: UInt64) {
        let microseconds = nanoseconds / 1000
        latency.add(1, at: min(64 - microseconds.leadingZeroBitCount, Self.buckets - 1))
        statuses.add(1, at: min(Int(code.rawValue), Self.codes - 1))
        total.add(nanoseconds)
    }

    @inline(__always)
    func enlisted() { live.add(1) }

    @inline(__always)
    func delisted() { live.subtract(1) }

    /// Requests whose handler has returned, and that their plugin has not ended.
    var inFlight: UInt64 { live.value }
    var nanoseconds: UInt64 { total.value }
    var histogram: [UInt64] { latency.values }
    /// How many ended with each status code, by its number.
    var byStatus: [UInt64] { statuses.values }
}

/// A row of counters. One thread writes, others may read.
@safe struct CounterRow: ~Copyable, @unchecked Sendable {  // the memory is fixed in `init`, and what is there is atomic
    private let memory: UnsafeMutableBufferPointer<Counter>

    init(count: Int) {
        unsafe memory = .allocate(capacity: count)
        for index in 0..<count { unsafe memory.initializeElement(at: index, to: Counter()) }
    }

    deinit { unsafe memory.deinitialize().deallocate() }

    /// Ignores an index that has no counter. The owning thread only.
    @inline(__always)
    func add(_ amount: UInt64, at index: Int) {
        guard unsafe index >= 0 && index < memory.count else { return }
        unsafe memory[index].add(amount)
    }

    func value(at index: Int) -> UInt64 { unsafe memory.indices.contains(index) ? memory[index].value : 0 }

    var values: [UInt64] { unsafe memory.indices.map { unsafe memory[$0].value } }

    var sum: UInt64 { values.reduce(0, &+) }
}

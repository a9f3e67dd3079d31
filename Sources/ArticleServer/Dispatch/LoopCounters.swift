internal import ArticleProtocol
internal import Synchronization

/// A number that one thread counts and others may read: no lock, no locked instruction.
struct Counter: ~Copyable {
    private let atomic = Atomic<UInt64>(0)

    var value: UInt64 { atomic.load(ordering: .relaxed) }

    /// The owning thread only, and no more than was added before.
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

/// What one loop has counted. Written by its thread, read by whichever thread answers `service.stats`.
@safe final class LoopCounters: Sendable {
    /// Connections, by listener.
    let accepted: CounterRow
    let refused: CounterRow
    let bytesReceived = Counter()
    let bytesSent = Counter()
    let protocolErrors = Counter()
    /// Requests answered with an error before a plugin saw them.
    let refusedRequests = Counter()
    /// Requests that took longer than `slowRequest`.
    let slow = Counter()
    /// Requests given to a plugin, and those that their plugin has ended.
    let opened = Counter()
    let closed = Counter()
    /// Requests whose client stopped waiting before their plugin ended them, and how many of those it has ended since.
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

    /// A request of this method lives on after the call of its handler.
    @inline(__always)
    func enlisted(route: Int) {
        guard unsafe route < methods.count else { return }
        unsafe methods[route].enlisted()
    }

    /// Its plugin has ended it.
    @inline(__always)
    func delisted(route: Int) {
        guard unsafe route < methods.count else { return }
        unsafe methods[route].delisted()
    }

    func withMethod<Result>(_ route: Int, _ body: (borrowing MethodCounters) -> Result) -> Result {
        body(unsafe methods[route])
    }
}

/// The counters of all loops.
final class ServiceCounters: Sendable {
    let loops: [LoopCounters]

    init(loops count: Int, methods: Int, listeners: Int) {
        loops = (0..<count).map { _ in LoopCounters(methods: methods, listeners: listeners) }
    }

    func loop(_ index: Int) -> LoopCounters { loops[index] }

    /// Requests that were given to a plugin and that it has not ended.
    var inFlight: UInt64 {
        // In this order: of a request that comes and goes meanwhile the opening alone is seen. Other processors may show
        // it the other way round all the same, and then there are none.
        let closed = sum { $0.closed.value }
        let opened = sum { $0.opened.value }
        return opened > closed ? opened - closed : 0
    }

    func sum(_ member: (LoopCounters) -> UInt64) -> UInt64 {
        loops.reduce(0) { $0 &+ member($1) }
    }
}

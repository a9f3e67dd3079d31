/// The counters of all loops.
final class ServiceCounters: Sendable {
    let loops: [LoopCounters]

    init(loops count: Int, methods: Int, listeners: Int) {
        loops = (0..<count).map { _ in LoopCounters(methods: methods, listeners: listeners) }
    }

    func loop(_ index: Int) -> LoopCounters { loops[index] }

    func sum(_ member: (LoopCounters) -> UInt64) -> UInt64 {
        loops.reduce(0) { $0 &+ member($1) }
    }
}

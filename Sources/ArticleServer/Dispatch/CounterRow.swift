/// A row of counters: one thread counts, others may read.
@safe struct CounterRow: ~Copyable, @unchecked Sendable {  // the memory is fixed in `init`, and what is there is atomic
    private let memory: UnsafeMutableBufferPointer<Counter>

    init(count: Int) {
        unsafe memory = .allocate(capacity: count)
        for index in 0..<count { unsafe memory.initializeElement(at: index, to: Counter()) }
    }

    deinit { unsafe memory.deinitialize().deallocate() }

    /// The owning thread only. What has no counter is not counted.
    @inline(__always)
    func add(_ amount: UInt64, at index: Int) {
        guard unsafe index >= 0 && index < memory.count else { return }
        unsafe memory[index].add(amount)
    }

    func value(at index: Int) -> UInt64 { unsafe memory.indices.contains(index) ? memory[index].value : 0 }

    var values: [UInt64] { unsafe memory.indices.map { unsafe memory[$0].value } }

    var sum: UInt64 { values.reduce(0, &+) }
}

/// How much each slot of the model was met in one text: a small table that stays in the processor's cache.
@safe struct FeatureCounts: ~Copyable {
    /// Entry i: the slot in the high 32 bits (plus 1), the sum of the weights in the low ones; 0 is empty.
    private var entries: UnsafeMutablePointer<UInt64>
    private var capacity: Int
    /// The entries in use, in the order in which their slots were first met.
    private(set) var used: UnsafeMutablePointer<UInt32>
    private(set) var count = 0

    init() {
        // 16 KB, half of the processor's nearest cache: enough for all but long texts.
        capacity = 2048
        unsafe entries = .allocate(capacity: capacity)
        unsafe entries.initialize(repeating: 0, count: capacity)
        unsafe used = .allocate(capacity: capacity / 2)
    }

    deinit {
        unsafe entries.deallocate()
        unsafe used.deallocate()
    }

    mutating func removeAll() {
        // Each index in `used` was made below `capacity`.
        for index in 0..<count { unsafe entries[Int(used[index])] = 0 }
        count = 0
    }

    /// Counts a slot with a weight; answers whether it is the first time.
    @inline(__always)
    mutating func add(_ slot: UInt32, weight: UInt64) -> Bool {
        if count * 2 >= capacity { grow() }
        let key = UInt64(slot) + 1
        var index = Int((key &* FeatureHash.multiplier) >> 32) & (capacity - 1)
        // At most half of the entries are in use, so an empty one is met; the mask keeps the index in bounds.
        while true {
            let entry = unsafe entries[index]
            if entry == 0 {
                unsafe entries[index] = key << 32 | weight
                unsafe used[count] = UInt32(truncatingIfNeeded: index)
                count += 1
                return true
            }
            if entry >> 32 == key {
                unsafe entries[index] = entry &+ weight
                return false
            }
            index = (index + 1) & (capacity - 1)
        }
    }

    /// The slot and the sum of its weights of the `position`th in use.
    @inline(__always)
    func element(_ position: Int) -> (slot: UInt32, weight: UInt32) {
        // `position` is below `count`: the scorer's loop says so.
        let entry = unsafe entries[Int(used[position])]
        return (UInt32(truncatingIfNeeded: entry >> 32 &- 1), UInt32(truncatingIfNeeded: entry))
    }

    @inline(never)
    private mutating func grow() {
        let old = unsafe entries
        let oldUsed = unsafe used
        let oldCount = count
        capacity *= 2
        unsafe entries = .allocate(capacity: capacity)
        unsafe entries.initialize(repeating: 0, count: capacity)
        unsafe used = .allocate(capacity: capacity / 2)
        count = 0
        for position in 0..<oldCount {
            let entry = unsafe old[Int(oldUsed[position])]
            var index = Int(((entry >> 32) &* FeatureHash.multiplier) >> 32) & (capacity - 1)
            while unsafe entries[index] != 0 { index = (index + 1) & (capacity - 1) }
            unsafe entries[index] = entry
            unsafe used[count] = UInt32(truncatingIfNeeded: index)
            count += 1
        }
        unsafe old.deallocate()
        unsafe oldUsed.deallocate()
    }
}

/// Numbers features in the order in which they are first met.
struct FeatureNumbers {
    private(set) var hashes: [UInt64] = []
    /// The number of the feature in a slot, plus 1; 0 is empty.
    private var slots = [UInt32](repeating: 0, count: 1 << 20)
    private var mask = (1 << 20) - 1

    mutating func number(of hash: UInt64) -> UInt32 {
        if hashes.count * 2 >= slots.count { grow() }
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            if hashes[Int(slots[index] - 1)] == hash { return slots[index] - 1 }
            index = (index + 1) & mask
        }
        hashes.append(hash)
        slots[index] = UInt32(hashes.count)
        return slots[index] - 1
    }

    private mutating func grow() {
        mask = slots.count * 4 - 1
        slots = [UInt32](repeating: 0, count: mask + 1)
        for (number, hash) in hashes.enumerated() {
            var index = Int(truncatingIfNeeded: hash) & mask
            while slots[index] != 0 { index = (index + 1) & mask }
            slots[index] = UInt32(number + 1)
        }
    }
}
